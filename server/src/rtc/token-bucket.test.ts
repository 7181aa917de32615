import { expect, test } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

test("a full bucket gives its burst at once and then its rate", () => {
  const bucket = new TokenBucket(100, 5, 0);
  for (let i = 0; i < 5; i++) expect(bucket.take(1, 0)).toBe(true);
  expect(bucket.empty).toBe(true);
  expect(bucket.take(1, 9_999)).toBe(false);
  expect(bucket.take(1, 10_001)).toBe(true);
  expect(bucket.take(1, 10_001)).toBe(false);
});

test("a pause fills it no further than its burst", () => {
  const bucket = new TokenBucket(100, 5, 0);
  expect(bucket.take(5, 0)).toBe(true);
  expect(bucket.take(6, 60_000_000)).toBe(false);
  expect(bucket.take(5, 60_000_000)).toBe(true);
});
