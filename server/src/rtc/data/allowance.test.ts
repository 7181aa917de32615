import { expect, test } from "vitest";
import { Allowance } from "./allowance.ts";

test("as much as of one second may be taken at once, then as much as time brings", () => {
  const allowance = new Allowance(10);
  expect(allowance.take(10, 0)).toBe(true);
  expect(allowance.take(1, 0)).toBe(false);
  expect(allowance.take(1, 99_999)).toBe(false);
  expect(allowance.take(1, 100_000)).toBe(true);
  expect(allowance.take(1, 100_000)).toBe(false);
  expect(allowance.take(11, 9_000_000)).toBe(false);
  expect(allowance.take(10, 9_000_000)).toBe(true);
});

test("time that goes back brings nothing and takes nothing", () => {
  const allowance = new Allowance(10);
  expect(allowance.take(5, 1_000_000)).toBe(true);
  expect(allowance.take(5, 0)).toBe(true);
  expect(allowance.take(1, 0)).toBe(false);
});
