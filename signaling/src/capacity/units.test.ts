import { expect, test } from "vitest";
import { bitrateText, bytesText, parseAmount } from "./units.ts";

test("amounts have decimal prefixes", () => {
  expect(["2.5M", "800k", "1G", "0", "7"].map(parseAmount)).toEqual([2.5e6, 8e5, 1e9, 0, 7]);
  for (const text of ["", "-1", "1e3", "M", "1 M", "1.M", "1m", "NaN", "1234567890123"]) {
    expect(parseAmount(text), text).toBeUndefined();
  }
});

test("rates and sizes are written in the unit that suits them", () => {
  expect([0, 999, 999_600, 2_500_000, 1e9, 12_345_678].map(bitrateText)).toEqual([
    "0 bit/s",
    "999 bit/s",
    "1 Mbit/s",
    "2.5 Mbit/s",
    "1 Gbit/s",
    "12.3 Mbit/s",
  ]);
  expect(bytesText(2_250_000_000)).toBe("2.25 GB");
});
