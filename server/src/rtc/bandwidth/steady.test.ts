import { describe, expect, it, vi } from "vitest";
import { LayeredRun, second } from "./test-layered-run.ts";

// Minutes of simulated time take seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const minutes = 5;

describe("five minutes on a link that does not change", () => {
  for (const capacityBps of [0.3e6, 0.7e6, 1e6, 1.4e6, 1.8e6, 2e6, 2.2e6, 3e6]) {
    for (const jitterUs of [0, 5_000]) {
      it(`of ${capacityBps / 1e6} Mbit/s and ±${jitterUs / 1000} ms bring few changes of the layer`, () => {
        const run = new LayeredRun({
          capacityBps: () => capacityBps,
          jitterUs,
          queueBytes: Math.max(30_000, capacityBps / 20),
          seconds: minutes * 60,
        });
        expect(run.source.switches.length).toBeLessThanOrEqual(5);
        expect(run.layersFrom(150).length).toBeLessThanOrEqual(2);
        const most = run.sender.arrivedBytes * 8e6 > 0 ? run.source.shown : -1;
        expect(most).toBe(capacityBps < 0.6e6 ? 0 : capacityBps < 1.9e6 ? 1 : run.source.shown);
      });
    }
  }

  it("of 3 Mbit/s bear key frames of twenty frames' size", () => {
    let leastBps = Number.POSITIVE_INFINITY;
    const run = new LayeredRun({
      capacityBps: () => 3_000_000,
      keyFactor: 20,
      seconds: minutes * 60,
      each: (nowUs, { estimateBps }) => {
        if (nowUs > 10 * second) leastBps = Math.min(leastBps, estimateBps);
      },
    });
    expect(run.source.switches.length).toBe(2);
    expect(leastBps).toBeGreaterThan(1_750_000);
  });
});

describe("a viewer that is shown a low layer for a minute", () => {
  it("keeps its estimate, which grows only by a probe", () => {
    // Application limited: the chooser is told of a viewport for which 500 kbit/s suffice.
    const estimates: number[] = [];
    const run = new LayeredRun({
      capacityBps: () => 4_000_000,
      limits: { startBps: 700_000, probeSatisfied: 0 },
      seconds: 70,
      each: (nowUs, { estimateBps }) => {
        if (nowUs % (10 * second) === 0) estimates.push(estimateBps);
      },
    });
    expect(run.source.shown).toBe(1);
    expect(run.sender.probes).toBe(0);
    // 1.5 times what is sent, and that varies.
    for (const estimate of estimates) {
      expect(estimate).toBeGreaterThanOrEqual(700_000);
      expect(estimate).toBeLessThan(1_150_000);
    }
    expect(estimates.at(-1)).toBeGreaterThanOrEqual(estimates[1] ?? 0);
  });

  it("is probed up to the rate that it wants, within a second", () => {
    let wantedFromUs = Number.NaN;
    let reachedUs = Number.NaN;
    const run = new LayeredRun({
      capacityBps: () => 4_000_000,
      limits: { startBps: 160_000 },
      seconds: 10,
      each: (nowUs, { estimateBps, source }) => {
        if (Number.isNaN(wantedFromUs) && source.wantedBps() > 0) wantedFromUs = nowUs;
        if (Number.isNaN(reachedUs) && estimateBps > 2_100_000) reachedUs = nowUs;
      },
    });
    expect(reachedUs - wantedFromUs).toBeLessThan(2 * second);
    expect(run.source.shown).toBe(2);
    expect(run.estimateBps).toBeLessThan(3_000_000);
  });
});
