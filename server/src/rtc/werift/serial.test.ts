import { expect, test } from "vitest";
import { add16, add32, after16, after32, distance32 } from "./serial.ts";

test.each([
  [1, 0, true],
  [0, 0, false],
  [0, 1, false],
  [0, 0xffffffff, true],
  [5, 0xfffffff0, true],
  [0xffffffff, 0, false],
  [0x7fffffff, 0, true],
  [1_000_000_000, 999_999_999, true],
])("32 bits: %d after %d is %s", (a, b, expected) => {
  expect(after32(a, b)).toBe(expected);
});

test.each([
  [1, 0, true],
  [0, 0, false],
  [0, 65_535, true],
  [65_535, 0, false],
  [10_000, 9_999, true],
])("16 bits: %d after %d is %s", (a, b, expected) => {
  expect(after16(a, b)).toBe(expected);
});

test("sums and distances wrap", () => {
  expect(add32(0xffffffff, 1)).toBe(0);
  expect(add32(0, -1)).toBe(0xffffffff);
  expect(distance32(2, 0xfffffffe)).toBe(4);
  expect(add16(65_535, 2)).toBe(1);
});
