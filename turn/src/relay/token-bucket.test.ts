import { describe, expect, it } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

describe("TokenBucket", () => {
  it("lets the burst through at once and the rate from then on", () => {
    let nowMs = 0;
    const bucket = new TokenBucket(1_000, 2, () => nowMs);
    expect(bucket.take(2_000)).toBe(true);
    expect(bucket.take(1)).toBe(false);
    nowMs = 500;
    expect(bucket.take(501)).toBe(false);
    expect(bucket.take(500)).toBe(true);
    expect(bucket.take(1)).toBe(false);
  });

  it("saves no more than the burst", () => {
    let nowMs = 0;
    const bucket = new TokenBucket(1_000, 1, () => nowMs);
    expect(bucket.take(1_000)).toBe(true);
    nowMs = 60_000;
    expect(bucket.take(1_001)).toBe(false);
    expect(bucket.take(1_000)).toBe(true);
    expect(bucket.take(1)).toBe(false);
  });

  it("costs nothing for empty packets", () => {
    const bucket = new TokenBucket(1_000, 1, () => 0);
    bucket.take(1_000);
    expect(bucket.take(0)).toBe(true);
  });
});
