import { expect, it } from "vitest";
import { defaultRetryPolicy, retryDelayMs } from "./retry-delay.ts";

it("doubles up to the longest delay", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7].map((failures) => retryDelayMs(failures, () => 1));
  expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

it("spreads viewers over half of the delay", () => {
  expect(retryDelayMs(3, () => 0)).toBe(1000);
  expect(retryDelayMs(3, () => 0.5)).toBe(1500);
});

it("stays finite however long the outage lasts", () => {
  expect(retryDelayMs(1e9, () => 1)).toBe(defaultRetryPolicy.maxMs);
  expect(retryDelayMs(0, () => 1)).toBe(defaultRetryPolicy.firstMs);
});

it("follows another policy", () => {
  expect(retryDelayMs(9, () => 1, { firstMs: 10, maxMs: 30 })).toBe(30);
});
