import type { TransportCcPacket } from "@millrace/media/rtp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BandwidthEstimator } from "./bandwidth-estimator.ts";
import { defaultBandwidthLimits } from "./limits.ts";

const second = 1_000_000;

/** Sends `bps` for a while and acknowledges each 100 ms, all packets after the same delay, from this sequence number on. */
function exchange(
  estimator: BandwidthEstimator,
  options: {
    first?: number;
    seconds: number;
    bps: number;
    fromUs?: number;
    delayUs?: number;
    /** One of so many packets is lost. */
    lostOf?: number;
  },
): void {
  const { first = 0, seconds, bps, fromUs = 0, delayUs = 20_000, lostOf = 0 } = options;
  let sequence = first;
  for (let nowUs = fromUs; nowUs < fromUs + seconds * second; nowUs += 100_000) {
    const packets: TransportCcPacket[] = [];
    const count = Math.round(bps / 8 / 10 / 1000);
    for (let i = 0; i < count; i++) {
      const atUs = nowUs + Math.round((i * 100_000) / count);
      estimator.sent(sequence, 1000, atUs, 0);
      const lost = lostOf > 0 && sequence % lostOf === 0;
      packets.push({ sequence: sequence & 0xffff, arrivalUs: lost ? undefined : atUs + delayUs });
      sequence++;
    }
    estimator.feedback({ feedbackCount: 0, packets }, nowUs + 140_000);
    estimator.tick(nowUs + 140_000);
  }
}

describe("bandwidth estimator", () => {
  it("begins with what the limits say", () => {
    const estimator = new BandwidthEstimator();
    expect(estimator.estimateBps).toBe(defaultBandwidthLimits.startBps);
    expect(estimator.pacingBps).toBe(2.5 * defaultBandwidthLimits.startBps);
    expect(estimator.state).toBe("increase");
    expect(estimator.lossShare).toBe(0);
    expect(estimator.roundTripUs).toBeUndefined();
    expect(estimator.nextProbe(0, 5e6)).toBeUndefined();
    expect(new BandwidthEstimator({ startBps: 300_000 }).estimateBps).toBe(300_000);
  });

  it("stays within its least and largest rate", () => {
    const estimator = new BandwidthEstimator({ maxBps: 2_000_000, minBps: 500_000 });
    exchange(estimator, { seconds: 20, bps: 5_000_000 });
    expect(estimator.estimateBps).toBe(2_000_000);
    estimator.remb(1_000, 20 * second);
    expect(estimator.estimateBps).toBe(500_000);
  });

  it("goes on across wraps of the sequence number", () => {
    const estimator = new BandwidthEstimator();
    exchange(estimator, { first: 65_536 - 500, seconds: 10, bps: 2_000_000 });
    expect(estimator.estimateBps).toBeGreaterThan(2_000_000);
    expect(estimator.lossShare).toBe(0);
    const late = new BandwidthEstimator();
    exchange(late, { first: 2 ** 32 - 500, seconds: 10, bps: 2_000_000 });
    expect(late.estimateBps).toBe(estimator.estimateBps);
  });

  it("ignores feedback on packets that were never sent", () => {
    const estimator = new BandwidthEstimator();
    const packets = Array.from({ length: 500 }, (_, i) => ({ sequence: i, arrivalUs: undefined }));
    estimator.feedback({ feedbackCount: 0, packets }, 0);
    expect(estimator.nextProbe(0, 5e6)).toBeUndefined();
    for (let i = 0; i < 10; i++) estimator.sent(1000 + i, 1000, i, 0);
    estimator.feedback({ feedbackCount: 1, packets }, 1000);
    expect(estimator.lossShare).toBe(0);
    expect(estimator.roundTripUs).toBeUndefined();
    expect(estimator.estimateBps).toBe(defaultBandwidthLimits.startBps);
  });

  it("takes the round trip from reports, otherwise from feedback", () => {
    const estimator = new BandwidthEstimator();
    exchange(estimator, { seconds: 2, bps: 1_000_000 });
    expect(estimator.roundTripUs).toBeLessThan(60_000);
    expect(estimator.roundTripUs).toBeGreaterThan(20_000);
    estimator.report(0.5, 33_000, 3 * second);
    expect(estimator.roundTripUs).toBe(33_000);
    // With transport-cc the report's loss does not count.
    expect(estimator.lossShare).toBe(0);
  });

  it("keeps REMB as an upper bound for as long as it is fresh", () => {
    const estimator = new BandwidthEstimator();
    exchange(estimator, { seconds: 3, bps: 2_000_000 });
    const estimateBps = estimator.estimateBps;
    estimator.remb(600_000, 3 * second);
    expect(estimator.estimateBps).toBe(600_000);
    estimator.tick(7.9 * second);
    expect(estimator.estimateBps).toBeLessThanOrEqual(600_000);
    const again = new BandwidthEstimator();
    exchange(again, { seconds: 3, bps: 2_000_000 });
    again.remb(600_000, 3 * second);
    exchange(again, { first: 10_000, seconds: 6, bps: 2_000_000, fromUs: 3 * second });
    expect(again.estimateBps).toBeGreaterThanOrEqual(estimateBps);
  });

  it("takes a queue that stays for full when it loses packets, and after two seconds anyway", () => {
    for (const lostOf of [15, 0]) {
      const estimator = new BandwidthEstimator();
      exchange(estimator, { seconds: 3, bps: 1_000_000 });
      const full = { first: 10_000, bps: 1_000_000, delayUs: 320_000, lostOf };
      exchange(estimator, { ...full, seconds: lostOf > 0 ? 1.5 : 9, fromUs: 3 * second });
      expect(estimator.estimateBps).toBeLessThan(900_000);
      if (lostOf > 0) expect(estimator.state).toBe("decrease");
      expect(estimator.pacingBps).toBeLessThan(1.3 * estimator.estimateBps);
      expect(estimator.nextProbe(12.2 * second, 5e6)).toBeUndefined();
    }
  });

  it("drops a probe that is never sent, and makes another", () => {
    const estimator = new BandwidthEstimator();
    exchange(estimator, { seconds: 1, bps: 1_000_000 });
    const plan = estimator.nextProbe(1.2 * second, 6_000_000);
    expect(plan?.rateBps).toBe(2 * estimator.estimateBps);
    expect(estimator.probing(plan?.id ?? 0)).toBe(true);
    expect(estimator.nextProbe(1.3 * second, 6_000_000)).toBeUndefined();
    estimator.tick(plan?.expiresUs ?? 0);
    expect(estimator.probing(plan?.id ?? 0)).toBe(false);
    exchange(estimator, { first: 5_000, seconds: 0.2, bps: 1_000_000, fromUs: 2 * second });
    expect(estimator.nextProbe(2.3 * second, 6_000_000)?.id).toBe((plan?.id ?? 0) + 1);
  });

  it("bears any feedback", () => {
    const packet = fc.record({
      sequence: fc.nat(0xffff),
      arrivalUs: fc.option(fc.integer({ min: -64_000, max: 2 ** 40 }), { nil: undefined }),
    });
    const message = fc.record({
      packets: fc.array(packet, { maxLength: 60 }),
      send: fc.nat(40),
      skip: fc.nat(70_000),
      waitUs: fc.nat(3_000_000),
      probe: fc.nat(3),
      remb: fc.option(fc.double({ noNaN: false }), { nil: undefined }),
      loss: fc.option(fc.double({ noNaN: false }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        const estimator = new BandwidthEstimator();
        const { minBps, maxBps } = defaultBandwidthLimits;
        let sequence = 0;
        let nowUs = 0;
        for (const { packets, send, skip, waitUs, probe, remb, loss } of messages) {
          sequence += skip;
          for (let i = 0; i < send; i++) estimator.sent(sequence++, 1200, nowUs, probe);
          nowUs += waitUs;
          const near = packets.map(({ sequence: s, arrivalUs }) => ({
            sequence: (sequence - (s % 64)) & 0xffff,
            arrivalUs,
          }));
          estimator.feedback({ feedbackCount: 0, packets: near }, nowUs);
          estimator.feedback({ feedbackCount: 0, packets }, nowUs);
          if (remb !== undefined) estimator.remb(remb, nowUs);
          if (loss !== undefined) estimator.report(loss, undefined, nowUs);
          estimator.tick(nowUs);
          estimator.nextProbe(nowUs, 5_000_000);
          expect(estimator.estimateBps).toBeGreaterThanOrEqual(minBps);
          expect(estimator.estimateBps).toBeLessThanOrEqual(maxBps);
          expect(estimator.lossShare).toBeGreaterThanOrEqual(0);
          expect(estimator.lossShare).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
