import { describe, expect, it } from "vitest";
import { type BandwidthLimits, defaultBandwidthLimits } from "./limits.ts";
import { ProbeCluster, type ProbePlan } from "./probe-cluster.ts";
import { ProbeSchedule } from "./probe-schedule.ts";

const limits: BandwidthLimits = defaultBandwidthLimits;
const plan: ProbePlan = {
  id: 1,
  rateBps: 2_000_000,
  minPackets: 5,
  minBytes: 12_000,
  expiresUs: 500_000,
};

/** Ten packets of 1,200 bytes, sent and received so many microseconds apart. */
function cluster(sentUs: number, receivedUs: (index: number) => number): ProbeCluster {
  const probe = new ProbeCluster(plan, 0, limits);
  for (let i = 0; i < 10; i++) probe.sent(1200, i * sentUs);
  for (let i = 0; i < 10; i++) probe.received(i * sentUs, 1e6 + receivedUs(i), 1200);
  return probe;
}

describe("probe cluster", () => {
  it("proves its rate when packets arrive as they were sent", () => {
    const probe = cluster(4_800, (i) => i * 4_800);
    expect(probe.finished(100_000)).toBe(true);
    expect(probe.result()).toBeCloseTo(2_000_000, -3);
  });

  it("shows the link's rate when they arrive more slowly, less 5 %", () => {
    expect(cluster(4_800, (i) => i * 6_400).result()).toBeCloseTo(1_425_000, -4);
    expect(cluster(4_800, (i) => i * 19_200).result()).toBeCloseTo(475_000, -4);
  });

  it("believes the later packets when a token bucket let the first ones pass", () => {
    const held = cluster(4_800, (i) => (i < 5 ? i * 4_800 : 19_200 + (i - 4) * 24_000));
    expect(held.result()).toBeLessThan(400_000);
  });

  it("does not show more than was tried", () => {
    expect(cluster(1_000, (i) => i * 1_000).result()).toBeCloseTo(2_000_000, -3);
    expect(cluster(4_800, (i) => i * 100).result()).toBeCloseTo(2_000_000, -3);
    expect(cluster(0, () => 0).result()).toBe(2_000_000);
  });

  it("shows nothing when too little arrives", () => {
    const probe = new ProbeCluster(plan, 0, limits);
    for (let i = 0; i < 10; i++) probe.sent(1200, i * 4_800);
    for (let i = 0; i < 7; i++) probe.received(i * 4_800, i * 4_800, 1200);
    expect(probe.finished(200_000)).toBe(false);
    for (let i = 0; i < 3; i++) probe.lost();
    expect(probe.finished(200_000)).toBe(true);
    expect(probe.result()).toBeUndefined();
  });

  it("is over a second after its last packet, or early when its packets queue", () => {
    const silent = new ProbeCluster(plan, 0, limits);
    silent.sent(1200, 0);
    expect(silent.finished(1_000_000)).toBe(false);
    expect(silent.finished(1_000_001)).toBe(true);
    const queued = new ProbeCluster({ ...plan, minBytes: 48_000 }, 0, limits);
    for (let i = 0; i < 20; i++) queued.sent(1200, i * 4_800);
    for (let i = 0; i < 7; i++) queued.received(i * 4_800, i * 24_000, 1200);
    expect(queued.finished(150_000)).toBe(false);
    for (let i = 7; i < 12; i++) queued.received(i * 4_800, i * 24_000, 1200);
    expect(queued.finished(300_000)).toBe(true);
    expect(queued.result()).toBeCloseTo(380_000, -4);
  });

  it("looks at no more than 256 packets", () => {
    const probe = new ProbeCluster({ ...plan, minBytes: 1 }, 0, limits);
    for (let i = 0; i < 1000; i++) probe.sent(1200, i * 4_800);
    for (let i = 0; i < 1000; i++) probe.received(i * 4_800, i * 4_800, 1200);
    expect(probe.finished(5e6)).toBe(true);
    expect(probe.result()).toBeCloseTo(2_000_000, -3);
  });
});

describe("probe schedule", () => {
  it("goes up in steps of two, not beyond what is wanted, and checks the end", () => {
    const schedule = new ProbeSchedule(limits);
    const rates: number[] = [];
    let estimate = 400_000;
    for (let nowUs = 0; nowUs < 5e6; nowUs += 100_000) {
      const next = schedule.next(estimate, 2_000_000, 0, nowUs);
      if (next === undefined) continue;
      rates.push(next.rateBps);
      expect(schedule.next(estimate, 2_000_000, 0, nowUs)).toBeUndefined();
      expect(schedule.close(next.rateBps, nowUs)).toBe(true);
      estimate = Math.max(estimate, next.rateBps);
    }
    expect(rates).toEqual([800_000, 1_600_000, 2_000_000, 2_000_000]);
  });

  it("wants nothing when nothing is wanted or the estimate suffices", () => {
    const schedule = new ProbeSchedule(limits);
    for (const wanted of [0, -1, Number.NaN, 400_000, 1_100_000]) {
      expect(schedule.next(1_000_000, wanted, 0, 0)).toBeUndefined();
    }
    expect(schedule.next(1_000_000, 1_200_000, 0, 0)?.rateBps).toBe(1_200_000);
  });

  it("does not go beyond the largest rate", () => {
    const schedule = new ProbeSchedule(limits);
    const rate = schedule.next(20e6, Number.POSITIVE_INFINITY, 0, 0)?.rateBps;
    expect(rate).toBe(limits.maxBps);
  });

  it("waits longer after each failure, up to a limit", () => {
    const schedule = new ProbeSchedule(limits);
    const waits: number[] = [];
    let last = 0;
    for (let nowUs = 0; nowUs < 30e6; nowUs += 100_000) {
      if (schedule.next(400_000, 2_000_000, 0, nowUs) === undefined) continue;
      waits.push((nowUs - last) / 1e6);
      last = nowUs;
      schedule.close(300_000, nowUs);
    }
    expect(waits.slice(0, 6)).toEqual([0, 1, 2, 3, 3, 3]);
  });

  it("believes nothing after a fall before a long check", () => {
    const schedule = new ProbeSchedule(limits);
    schedule.fell(0);
    expect(schedule.next(400_000, 2_000_000, 0, 999_999)).toBeUndefined();
    const step = schedule.next(400_000, 2_000_000, 0, 1_000_000);
    expect(step?.minBytes).toBe(limits.minProbeBytes);
    expect(schedule.close(800_000, 1_100_000)).toBe(false);
    const check = schedule.next(400_000, 2_000_000, 0, 1_200_000);
    expect(check?.rateBps).toBe(800_000);
    expect(check?.minBytes).toBe(limits.probeCheckBytes);
    expect(schedule.close(800_000, 2_000_000)).toBe(true);
    // A check that was wrong becomes twice as long.
    schedule.fell(3_000_000);
    schedule.next(400_000, 2_000_000, 0, 4_000_000);
    schedule.close(800_000, 4_100_000);
    const longer = schedule.next(400_000, 2_000_000, 0, 4_200_000);
    expect(longer?.minBytes).toBe(2 * limits.probeCheckBytes);
  });

  it("makes the step longer when a check has refuted it", () => {
    const schedule = new ProbeSchedule(limits);
    schedule.fell(0);
    schedule.next(400_000, 2_000_000, 0, 1_000_000);
    schedule.close(800_000, 1_100_000);
    schedule.next(400_000, 2_000_000, 0, 1_200_000);
    schedule.close(380_000, 2_000_000);
    const step = schedule.next(400_000, 2_000_000, 0, 3_000_000);
    expect(step?.minBytes).toBe(1.5 * limits.minProbeBytes);
  });

  it("lasts longer while the delay varies", () => {
    const calm = new ProbeSchedule(limits).next(5e6, 10e6, 0, 0);
    const restless = new ProbeSchedule(limits).next(5e6, 10e6, 6, 0);
    const wild = new ProbeSchedule(limits).next(5e6, 10e6, 60, 0);
    expect(calm?.minBytes).toBe(25_000);
    expect(restless?.minBytes).toBe(75_000);
    expect(wild?.minBytes).toBe(125_000);
  });

  it("uses ids from 1 to 65,535", () => {
    const schedule = new ProbeSchedule(limits);
    const wrong: unknown[] = [];
    for (let i = 0; i < 65_536; i++) {
      const id = schedule.next(1e6, 2e6, 0, i)?.id;
      if (id !== (i % 65_535) + 1) wrong.push(id);
      schedule.drop(i - limits.probeGapUs);
    }
    expect(wrong).toEqual([]);
    expect(schedule.find(0)).toBeUndefined();
  });
});
