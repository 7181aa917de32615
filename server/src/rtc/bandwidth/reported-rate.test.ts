import { describe, expect, it } from "vitest";
import { BandwidthEstimator } from "./bandwidth-estimator.ts";

const second = 1_000_000;

/** A peer without transport-cc: sends and, once a second, does what `each` says. */
function without(
  estimator: BandwidthEstimator,
  options: {
    seconds: number;
    fromUs?: number;
    first?: number;
    bps: (estimateBps: number) => number;
    each: (nowUs: number, sentBps: number) => void;
  },
): void {
  const { seconds, fromUs = 0, first = 0, bps, each } = options;
  let sequence = first;
  let bytes = 0;
  for (let nowUs = fromUs; nowUs < fromUs + seconds * second; nowUs += 10_000) {
    const sentBps = bps(estimator.estimateBps);
    bytes += sentBps / 800;
    for (; bytes >= 500; bytes -= 500) estimator.sent(sequence++, 500, nowUs, 0);
    if (nowUs % 100_000 === 0) estimator.tick(nowUs);
    if (nowUs % second === 0) each(nowUs, sentBps);
  }
}

describe("a peer that sends only REMB", () => {
  it("is believed", () => {
    const estimator = new BandwidthEstimator();
    without(estimator, {
      seconds: 10,
      bps: () => 500_000,
      each: (nowUs) => {
        estimator.remb(800_000, nowUs);
        expect(estimator.estimateBps).toBe(800_000);
      },
    });
    estimator.remb(300_000, 11 * second);
    expect(estimator.estimateBps).toBe(300_000);
    for (const wrong of [Number.NaN, -1]) estimator.remb(wrong, 11 * second);
    expect(estimator.estimateBps).toBe(300_000);
  });

  it("is tried with more when it only reflects the low layer it was sent", () => {
    const estimator = new BandwidthEstimator({ startBps: 200_000 });
    without(estimator, {
      seconds: 30,
      bps: (estimateBps) => (estimateBps > 650_000 ? 540_000 : 190_000),
      each: (nowUs, sentBps) => {
        estimator.nextProbe(nowUs, 750_000);
        estimator.remb(sentBps * 1.3, nowUs);
      },
    });
    expect(estimator.estimateBps).toBeGreaterThan(650_000);
    expect(estimator.estimateBps).toBeLessThanOrEqual(750_000);
  });

  it("is not tried with more when its link is full", () => {
    const estimator = new BandwidthEstimator({ startBps: 200_000 });
    without(estimator, {
      seconds: 30,
      bps: () => 380_000,
      each: (nowUs) => {
        estimator.nextProbe(nowUs, 2_000_000);
        estimator.remb(400_000, nowUs);
      },
    });
    expect(estimator.estimateBps).toBe(400_000);
  });
});

describe("a peer that sends only receiver reports", () => {
  it("grows without loss up to what is wanted, and not beyond what is sent otherwise", () => {
    const estimator = new BandwidthEstimator({ startBps: 300_000 });
    without(estimator, {
      seconds: 40,
      bps: () => 200_000,
      each: (nowUs) => {
        estimator.nextProbe(nowUs, 700_000);
        estimator.report(0, 40_000, nowUs);
      },
    });
    expect(estimator.estimateBps).toBe(700_000);
    expect(estimator.state).toBe("increase");
    const idle = new BandwidthEstimator({ startBps: 250_000 });
    without(idle, {
      seconds: 40,
      bps: () => 200_000,
      each: (nowUs) => idle.report(0, undefined, nowUs),
    });
    expect(idle.estimateBps).toBeLessThan(320_000);
  });

  it("holds at 5 % and falls at 30 %", () => {
    const estimator = new BandwidthEstimator();
    const bps = () => 1_000_000;
    without(estimator, { seconds: 10, bps, each: (nowUs) => estimator.report(0.05, 5e4, nowUs) });
    expect(estimator.estimateBps).toBe(1_500_000);
    expect(estimator.lossShare).toBe(0.05);
    without(estimator, {
      seconds: 5,
      fromUs: 10 * second,
      first: 100_000,
      bps,
      each: (nowUs) => estimator.report(0.3, 5e4, nowUs),
    });
    expect(estimator.estimateBps).toBeLessThan(900_000);
    expect(estimator.state).toBe("decrease");
  });

  it("falls when the round trip says that packets queue", () => {
    const estimator = new BandwidthEstimator();
    without(estimator, {
      seconds: 10,
      bps: () => 1_000_000,
      each: (nowUs) => estimator.report(0, nowUs < 5 * second ? 40_000 : 900_000, nowUs),
    });
    expect(estimator.estimateBps).toBeLessThan(1_000_000);
  });

  it("is not heard when the report makes no sense", () => {
    const estimator = new BandwidthEstimator();
    for (const share of [-0.1, 1.1, Number.NaN]) estimator.report(share, -5, 0);
    expect(estimator.estimateBps).toBe(1_500_000);
    expect(estimator.lossShare).toBe(0);
    expect(estimator.roundTripUs).toBeUndefined();
  });

  it("is heard again when transport-cc feedback has stopped for good", () => {
    const estimator = new BandwidthEstimator();
    estimator.sent(0, 1000, 0, 0);
    const packets = [{ sequence: 0, arrivalUs: 20_000 }];
    estimator.feedback({ feedbackCount: 0, packets }, 40_000);
    without(estimator, {
      seconds: 20,
      fromUs: second,
      first: 1,
      bps: () => 500_000,
      each: (nowUs) => estimator.report(0.04, 40_000, nowUs),
    });
    expect(estimator.lossShare).toBe(0.04);
    expect(estimator.estimateBps).toBeGreaterThan(300_000);
  });
});
