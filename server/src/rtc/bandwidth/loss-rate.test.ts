import { describe, expect, it } from "vitest";
import { defaultBandwidthLimits } from "./limits.ts";
import { LossRate } from "./loss-rate.ts";

const estimateBps = 2_000_000;

/** Counts 25 packets each 100 ms, `lost` of them lost, and tells how often the rate fell. */
function run(rate: LossRate, lost: number, seconds: number, fromUs = 0, first = 0): number {
  let sequence = first;
  let falls = 0;
  for (let nowUs = fromUs; nowUs < fromUs + seconds * 1e6; nowUs += 100_000) {
    for (let i = 0; i < 25; i++) rate.count(sequence++, i >= lost);
    const received = (estimateBps * (25 - lost)) / 25;
    if (rate.update(Math.min(rate.rateBps, estimateBps), received, 50_000, sequence, nowUs)) {
      falls++;
    }
  }
  return falls;
}

describe("loss rate", () => {
  it("has no opinion at a loss of 8 %", () => {
    const rate = new LossRate(defaultBandwidthLimits);
    expect(run(rate, 2, 20)).toBe(0);
    expect(rate.rateBps).toBe(Number.POSITIVE_INFINITY);
    expect(rate.share).toBeCloseTo(0.08);
  });

  it("falls by half the loss, but not far below what arrives", () => {
    const rate = new LossRate(defaultBandwidthLimits);
    expect(run(rate, 5, 3)).toBeGreaterThan(0);
    expect(rate.rateBps).toBeLessThan(estimateBps);
    run(rate, 5, 20, 3e6, 1000);
    expect(rate.rateBps).toBeGreaterThanOrEqual(defaultBandwidthLimits.minBps);
    expect(rate.rateBps).toBeLessThan(0.9 * estimateBps);
  });

  it("falls at once to what arrives when most is lost", () => {
    const rate = new LossRate(defaultBandwidthLimits);
    run(rate, 20, 1);
    expect(rate.rateBps).toBeLessThanOrEqual(0.4 * estimateBps);
    expect(rate.rateBps).toBeGreaterThan(0.89 * 0.2 * estimateBps);
  });

  it("grows again without loss, and forgets its opinion", () => {
    const rate = new LossRate(defaultBandwidthLimits);
    run(rate, 5, 1);
    const low = rate.rateBps;
    run(rate, 0, 5, 1e6, 10_000);
    expect(rate.rateBps).toBeGreaterThan(low * 1.1);
    run(rate, 0, 30, 6e6, 20_000);
    expect(rate.rateBps).toBe(Number.POSITIVE_INFINITY);
  });

  it("does not count late packets as lost", () => {
    const rate = new LossRate(defaultBandwidthLimits);
    let sequence = 0;
    for (let nowUs = 0; nowUs < 3e6; nowUs += 100_000) {
      const from = sequence;
      for (let i = 0; i < 25; i++) rate.count(sequence++, i > 8);
      for (let i = 0; i <= 8; i++) rate.recovered(from + i);
      expect(rate.update(estimateBps, estimateBps, 50_000, sequence, nowUs)).toBe(false);
    }
    expect(rate.share).toBe(0);
  });
});
