import { expect, it } from "vitest";
import {
  codecName,
  formatBitrate,
  formatDuration,
  formatShare,
  h264ProfileName,
} from "./figures.ts";

it.each([
  [undefined, "–"],
  [Number.NaN, "–"],
  [0, "0 ms"],
  [83.6, "84 ms"],
  [999.4, "999 ms"],
  [999.6, "1.0 s"],
  [61_000, "61.0 s"],
])("formatDuration(%s) is %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it.each([
  [undefined, "–"],
  [0, "0 kbit/s"],
  [96_400, "96 kbit/s"],
  [999_499, "999 kbit/s"],
  [999_500, "1.0 Mbit/s"],
  [2_128_000, "2.1 Mbit/s"],
])("formatBitrate(%s) is %s", (bps, text) => {
  expect(formatBitrate(bps)).toBe(text);
});

it.each([
  [undefined, "–"],
  [0, "0 %"],
  [0.004, "0.4 %"],
  [0.5, "50 %"],
  [1, "100 %"],
])("formatShare(%s) is %s", (share, text) => {
  expect(formatShare(share)).toBe(text);
});

it("names codecs and profiles", () => {
  expect([codecName("H264"), codecName("opus"), codecName("x")]).toEqual(["H.264", "Opus", "x"]);
  expect(h264ProfileName("42e01f")).toBe("Constrained Baseline 3.1");
  expect(h264ProfileName("42001e")).toBe("Baseline 3.0");
  expect(h264ProfileName("640028")).toBe("High 4.0");
  expect(h264ProfileName("4d0028")).toBe("Main 4.0");
  expect(h264ProfileName("580028")).toBe("profile 88 4.0");
});
