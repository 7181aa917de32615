import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencyEstimator } from "./latency.ts";

const start = 1_700_000_000_000;
const anchor = (rtpTime: number, wallMs = start) => ({ rtpTime, clockRate: 90_000, wallMs });

/** Plays frames of 40 ms, each shown `latencyMs` after its capture, from a first RTP time on. */
function play(
  estimator: LatencyEstimator,
  firstRtp: number,
  count: number,
  latencyMs: (index: number) => number,
) {
  const samples = [];
  for (let index = 0; index < count; index++) {
    const captureMs = index * 40;
    const shownMs = captureMs + latencyMs(index);
    samples.push(estimator.frame((firstRtp + captureMs * 90) >>> 0, shownMs, start + shownMs));
  }
  return samples;
}

describe("LatencyEstimator", () => {
  it("measures frames against the anchor", () => {
    const estimator = new LatencyEstimator({ settleMs: 0 });
    estimator.anchor(anchor(1000));
    expect(play(estimator, 1000, 5, () => 84).at(-1)).toEqual({ latencyMs: 84, medianMs: 84 });
  });

  it("does not measure until playback has settled", () => {
    const estimator = new LatencyEstimator({ settleMs: 2000 });
    estimator.anchor(anchor(0));
    const samples = play(estimator, 0, 60, () => 50);
    expect(samples.findIndex((sample) => sample !== undefined)).toBe(50);
  });

  it("shows the median of the last second, not the outlier", () => {
    const estimator = new LatencyEstimator({ settleMs: 0 });
    estimator.anchor(anchor(0));
    const last = play(estimator, 0, 100, (index) => (index === 99 ? 400 : 60)).at(-1);
    expect(last).toEqual({ latencyMs: 400, medianMs: 60 });
  });

  it("forgets samples older than a second", () => {
    const estimator = new LatencyEstimator({ settleMs: 0 });
    estimator.anchor(anchor(0));
    const last = play(estimator, 0, 60, (index) => (index < 30 ? 900 : 30)).at(-1);
    expect(last?.medianMs).toBe(30);
  });

  it("never keeps more samples than its limit", () => {
    const estimator = new LatencyEstimator({ settleMs: 0, maxSamples: 3, windowMs: 1e9 });
    estimator.anchor(anchor(0));
    const last = play(estimator, 0, 10, (index) => (index < 7 ? 200 : 30)).at(-1);
    expect(last?.medianMs).toBe(30);
  });

  it("tells nothing without an anchor or without the server's clock", () => {
    const estimator = new LatencyEstimator({ settleMs: 0 });
    expect(estimator.frame(5, 0, start)).toBeUndefined();
    estimator.anchor(anchor(0));
    expect(estimator.frame(5, 0, undefined)).toBeUndefined();
    expect(estimator.last).toBeUndefined();
  });

  it("drops figures that no stream can have", () => {
    const estimator = new LatencyEstimator({ settleMs: 0 });
    estimator.anchor(anchor(0));
    expect(estimator.frame(0, 10, start + 120_000)?.latencyMs).toBe(120_000);
    expect(estimator.frame(0, 10, start + 120_001)).toBeUndefined();
  });

  it("reports a clock error raw but shows no negative figure", () => {
    const estimator = new LatencyEstimator({ settleMs: 0 });
    estimator.anchor(anchor(0));
    expect(estimator.frame(0, 10, start - 4)).toEqual({ latencyMs: -4, medianMs: 0 });
  });

  it("ignores an anchor that makes no sense", () => {
    const estimator = new LatencyEstimator({ settleMs: 0 });
    estimator.anchor({ rtpTime: 0, clockRate: 0, wallMs: start });
    estimator.anchor({ rtpTime: 0, clockRate: 90_000, wallMs: Number.NaN });
    expect(estimator.captureWallMs(0)).toBeUndefined();
  });

  it("follows the RTP clock over more than one wrap without a new anchor", () => {
    const estimator = new LatencyEstimator({ settleMs: 0 });
    estimator.anchor(anchor(4_294_000_000));
    const stepTicks = 2 ** 30;
    const stepMs = stepTicks / 90;
    for (let step = 0; step < 12; step++) {
      const shownMs = step * stepMs + 70;
      const rtpTime = (4_294_000_000 + step * stepTicks) % 2 ** 32;
      expect(estimator.frame(rtpTime, shownMs, start + shownMs)?.latencyMs).toBeCloseTo(70, 3);
    }
  });

  it("gives the same figure with a newer anchor, wherever the clock wraps", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: -900_000, max: 900_000 }),
        (firstRtp, offsetTicks) => {
          const estimator = new LatencyEstimator({ settleMs: 0 });
          estimator.anchor(anchor(firstRtp));
          play(estimator, firstRtp, 3, () => 33);
          estimator.anchor(anchor((firstRtp + offsetTicks) >>> 0, start + offsetTicks / 90));
          const captureMs = 10 * 40;
          const sample = estimator.frame(
            (firstRtp + captureMs * 90) >>> 0,
            captureMs + 33,
            start + captureMs + 33,
          );
          expect(sample?.latencyMs).toBeCloseTo(33, 2);
        },
      ),
    );
  });

  it("starts afresh after a reset", () => {
    const estimator = new LatencyEstimator({ settleMs: 2000 });
    estimator.anchor(anchor(0));
    play(estimator, 0, 60, () => 50);
    estimator.reset();
    expect(estimator.last).toBeUndefined();
    estimator.anchor(anchor(777));
    expect(play(estimator, 777, 10, () => 50).every((sample) => sample === undefined)).toBe(true);
  });
});
