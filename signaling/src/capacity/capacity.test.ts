import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CapacityConstants,
  type CapacityMachine,
  type CapacityPlan,
  capacityOf,
  capacityWays,
  defaultCapacityMachine,
  defaultCapacityPlan,
  defaultCapacitySettings,
  demandOf,
  measuredConstants,
  rtcPacketsPerSecond,
  viewersOf,
} from "./index.ts";

const none = { webrtc: 0, "http-flv": 0, "ws-flv": 0, "ll-hls": 0, "long-poll": 0, sse: 0 };
const planOf = (change: Partial<CapacityPlan>): CapacityPlan => ({
  ...defaultCapacityPlan,
  viewers: none,
  ...change,
});
/** Round figures, for sums that can be done in the head. */
const round: CapacityConstants = {
  ...measuredConstants,
  packetUs: { native: 2, wasm: 5, node: 20 },
  ways: {
    ...measuredConstants.ways,
    webrtc: { fixedUs: 0, perMbitUs: 0, memoryKb: 100, overhead: 1 },
    "http-flv": { fixedUs: 100, perMbitUs: 50, memoryKb: 20, overhead: 1 },
  },
  packetMainShare: { native: 0.5, wasm: 1, node: 1 },
  streamUs: 1000,
  streamPerMbitUs: 2000,
  opusUs: 20_000,
  joinsPerCore: 250,
  processMb: 100,
  streamMb: 1,
};
const capacity = (
  plan: CapacityPlan,
  machine: Partial<CapacityMachine> = {},
  constants: CapacityConstants = round,
) =>
  capacityOf(plan, { ...defaultCapacityMachine, ...machine }, defaultCapacitySettings, constants);

describe("what a plan takes", () => {
  it("counts a stream's rate once in, and once out for each viewer", () => {
    const plan = planOf({
      qualities: [{ bitrateBps: 2_000_000, share: 1 }],
      streams: 3,
      viewers: { ...none, "http-flv": 40 },
    });
    const { inBps, outBps } = demandOf(plan, "native", round);
    expect(inBps).toBe(6_000_000);
    expect(outBps).toBe(80_000_000);
  });

  it("takes all qualities in, and what is watched of them out", () => {
    const plan = planOf({
      qualities: [
        { bitrateBps: 3_000_000, share: 1 },
        { bitrateBps: 1_000_000, share: 3 },
      ],
      viewers: { ...none, "http-flv": 100 },
    });
    const { inBps, outBps } = demandOf(plan, "native", round);
    expect(inBps).toBe(4_000_000);
    // (3 + 3 × 1) ÷ 4 = 1.5 Mbit/s in the mean.
    expect(outBps).toBe(150_000_000);
  });

  it("stores bits of a second times seconds, by eight", () => {
    const plan = planOf({ streams: 2, recordedSeconds: 3600 });
    // 2 × 2.5 Mbit/s × 3600 s ÷ 8 = 2.25 GB.
    expect(demandOf(plan, "native", round).storageBytes).toBe(2_250_000_000);
  });

  it("counts WebRTC by packets", () => {
    // 1142 bytes × 8 × 200 packets; half a packet for each of 30 pictures; 50 of sound.
    expect(rtcPacketsPerSecond(1142 * 8 * 200, 30)).toBe(265);
    const plan = planOf({
      qualities: [{ bitrateBps: 1142 * 8 * 200, share: 1 }],
      streams: 0,
      viewers: { ...none, webrtc: 1000 },
    });
    const { cpu, cores, outBps, packetsPerSecond } = demandOf(plan, "native", round);
    expect(packetsPerSecond).toBe(265_000);
    // 265,000 × 2 µs.
    expect(cpu.viewers.webrtc).toBeCloseTo(0.53, 10);
    expect(cores).toBeCloseTo(0.53, 10);
    // 64 bytes around each packet.
    expect(outBps).toBe(1000 * (1142 * 8 * 200 + 265 * 64 * 8));
    expect(demandOf(plan, "node", round).cores).toBeCloseTo(5.3, 10);
  });

  it("counts FLV by viewers and their rate, streams, sound and joins", () => {
    const plan = planOf({
      qualities: [{ bitrateBps: 2_000_000, share: 1 }],
      streams: 10,
      viewers: { ...none, "http-flv": 1000, webrtc: 0 },
      joinsPerSecond: 25,
    });
    const { cpu } = demandOf(plan, "native", round);
    // 1000 × (100 + 2 × 50) µs.
    expect(cpu.viewers["http-flv"]).toBeCloseTo(0.2, 10);
    // 10 × 1000 µs + 20 Mbit/s × 2000 µs.
    expect(cpu.streams).toBeCloseTo(0.05, 10);
    expect(cpu.transcoding).toBe(0);
    expect(cpu.joins).toBeCloseTo(0.1, 10);
    const watched = planOf({ streams: 10, viewers: { ...none, webrtc: 1 } });
    expect(demandOf(watched, "native", round).cpu.transcoding).toBeCloseTo(0.2, 10);
  });

  it("keeps media for late viewers once a stream, and little for each viewer", () => {
    const plan = planOf({
      qualities: [{ bitrateBps: 4_000_000, share: 1 }],
      streams: 2,
      viewers: { ...none, webrtc: 1000, "http-flv": 1000 },
    });
    const { memory, memoryMb } = demandOf(plan, "native", round);
    // 2 × (1 MB + 4 Mbit/s × 17 s ÷ 8); 1000 × 100 kB + 1000 × 20 kB.
    expect(memory).toEqual({ process: 100, streams: 2 * (1 + 8.5), viewers: 120 });
    expect(memoryMb).toBe(239);
  });
});

describe("limits", () => {
  it("tells what is hit first, with the key that raises it", () => {
    const small = [{ bitrateBps: 10_000, share: 1 }];
    const tooMany = planOf({ streams: 2000, qualities: small });
    const { fits, limits } = capacity(
      tooMany,
      { cores: 1000, memoryMb: 1e9, networkBps: 1e15 },
      { ...round, streamUs: 10 },
    );
    expect(fits).toBe(false);
    expect(limits[0]).toMatchObject({ id: "streams", key: "limits.streams", used: 2 });
    const one = capacity(planOf({ qualities: small, viewers: { ...none, webrtc: 6000 } }), {
      networkBps: 1e15,
      cores: 100,
    });
    expect(one.limits[0]).toMatchObject({ used: 1.2 });
    expect(one.limits.slice(0, 2).map(({ key }) => key)).toEqual([
      "limits.viewersPerStream",
      "rtc.maxPeers",
    ]);
  });

  it("says how many viewers a network carries, by hand", () => {
    const plan = planOf({
      qualities: [{ bitrateBps: 2_000_000, share: 1 }],
      viewers: { ...none, "http-flv": 1 },
    });
    // 80 % of 1 Gbit/s by 2 Mbit/s.
    expect(capacity(plan, { cores: 64 })).toMatchObject({
      maxViewers: 400,
      maxViewersLimit: "network-out",
    });
  });

  it("says how many viewers a core carries, by hand", () => {
    const plan = planOf({
      qualities: [{ bitrateBps: 2_000_000, share: 1 }],
      streams: 1,
      viewers: { ...none, "http-flv": 5 },
    });
    // (0.8 − 0.005) ÷ 200 µs.
    expect(capacity(plan, { cores: 1, networkBps: 1e12 })).toMatchObject({
      maxViewers: 3975,
      maxViewersLimit: "cpu",
    });
  });

  it("has one main thread, however many cores there are, which WebRTC's threads help", () => {
    const plan = planOf({
      qualities: [{ bitrateBps: 2_000_000, share: 1 }],
      viewers: { ...none, "http-flv": 5 },
    });
    const many = { cores: 8, networkBps: 1e12 };
    expect(capacity(plan, many)).toMatchObject({
      maxViewers: 3975,
      maxViewersLimit: "main-thread",
    });
    const rtc = planOf({
      qualities: [{ bitrateBps: 1142 * 8 * 200, share: 1 }],
      streams: 0,
      viewers: { ...none, webrtc: 1000 },
    });
    // Half of 265,000 × 2 µs; all of 265,000 × 20 µs.
    expect(demandOf(rtc, "native", round).mainCores).toBeCloseTo(0.265, 10);
    expect(demandOf(rtc, "node", round).mainCores).toBeCloseTo(5.3, 10);
  });

  it("carries nobody where the streams alone are too many", () => {
    const { maxViewers, maxViewersLimit } = capacity(planOf({ streams: 1000 }), { cores: 1 });
    expect({ maxViewers, maxViewersLimit }).toEqual({ maxViewers: 0, maxViewersLimit: "cpu" });
  });
});

const counts = fc.record(
  Object.fromEntries(capacityWays.map((way) => [way, fc.nat(3000)])) as Record<
    (typeof capacityWays)[number],
    fc.Arbitrary<number>
  >,
);
const plans: fc.Arbitrary<CapacityPlan> = fc.record({
  qualities: fc.array(
    fc.record({ bitrateBps: fc.integer({ min: 10_000, max: 50_000_000 }), share: fc.nat(10) }),
    { minLength: 1, maxLength: 4 },
  ),
  streams: fc.integer({ min: 1, max: 500 }),
  viewers: counts,
  picturesPerSecond: fc.integer({ min: 1, max: 120 }),
  transcodesSound: fc.boolean(),
  joinsPerSecond: fc.nat(50),
  recordedSeconds: fc.nat(100_000),
});

describe("any plan", () => {
  it("takes no less when something grows", () => {
    fc.assert(
      fc.property(plans, fc.constantFrom(...capacityWays), fc.nat(1000), (plan, way, more) => {
        const before = demandOf(plan, "native", measuredConstants);
        const grown = [
          { ...plan, viewers: { ...plan.viewers, [way]: plan.viewers[way] + more } },
          { ...plan, streams: plan.streams + more },
          { ...plan, picturesPerSecond: plan.picturesPerSecond + more },
          { ...plan, recordedSeconds: plan.recordedSeconds + more },
          {
            ...plan,
            qualities: plan.qualities.map((q) => ({ ...q, bitrateBps: q.bitrateBps + more })),
          },
        ];
        for (const after of grown.map((p) => demandOf(p, "native", measuredConstants))) {
          for (const key of ["cores", "memoryMb", "inBps", "outBps", "storageBytes"] as const) {
            expect(after[key]).toBeGreaterThanOrEqual(before[key] * (1 - 1e-9));
          }
        }
      }),
    );
  });

  it("does with the viewers that a machine is said to carry, and not with some more", () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 64 }), (plan, cores) => {
        const before = capacity(plan, { cores, memoryMb: 64_000 });
        const total = viewersOf(plan);
        const { maxViewers } = before;
        fc.pre(total > 0 && maxViewers > 100);
        const scaled = (count: number): CapacityPlan => ({
          ...plan,
          viewers: Object.fromEntries(
            capacityWays.map((way) => [way, (plan.viewers[way] / total) * count]),
          ) as CapacityPlan["viewers"],
        });
        expect(capacity(scaled(maxViewers * (1 - 1e-9)), { cores, memoryMb: 64_000 }).fits).toBe(
          true,
        );
        expect(capacity(scaled(maxViewers * 1.02 + 1), { cores, memoryMb: 64_000 }).fits).toBe(
          false,
        );
      }),
    );
  });
});
