import { describe, expect, it, vi } from "vitest";
import { BandwidthEstimator } from "./bandwidth-estimator.ts";
import { second } from "./test-layered-run.ts";
import { TestNetwork } from "./test-network.ts";
import { GreedySource, simulate, TestSender } from "./test-sender.ts";

// Minutes of simulated time take seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

describe("a steady link", () => {
  for (const capacityBps of [1_000_000, 3_000_000, 10_000_000]) {
    for (const wantedBps of [0, 30_000_000]) {
      const title = `${capacityBps / 1e6} Mbit/s ${wantedBps > 0 ? "with" : "without"} probes`;
      it(`is found and used: ${title}`, () => {
        const network = new TestNetwork({ capacityBps: () => capacityBps, jitterUs: 500 });
        const sender = new TestSender({ network, source: new GreedySource(wantedBps) });
        let foundUs = Number.NaN;
        let arrived = 0;
        let longestUs = 0;
        // Without probes 10 Mbit/s are 8 % per second away.
        const settledUs = (wantedBps > 0 ? 5 : 30) * second;
        simulate(network, [sender], 0, 60 * second, (nowUs) => {
          const { estimateBps } = sender.estimator;
          const found = Math.abs(estimateBps / capacityBps - 1) < 0.2;
          if (found && Number.isNaN(foundUs)) foundUs = nowUs;
          if (nowUs === settledUs) arrived = sender.arrivedBytes;
          if (nowUs < settledUs) return;
          expect(estimateBps).toBeGreaterThan(0.75 * capacityBps);
          expect(estimateBps).toBeLessThan(1.2 * capacityBps);
          longestUs = Math.max(longestUs, sender.delayUs);
        });
        expect(foundUs).toBeLessThan(wantedBps > 0 ? 3 * second : 28 * second);
        const usedBps = ((sender.arrivedBytes - arrived) * 8e6) / (60 * second - settledUs);
        expect(usedBps).toBeGreaterThan(0.85 * capacityBps);
        expect(longestUs).toBeLessThan(250_000);
        expect(network.dropped).toBeLessThan(network.delivered / 1000);
      });
    }
  }

  it("is shared by two flows roughly fairly", () => {
    const network = new TestNetwork({ capacityBps: () => 3_000_000, jitterUs: 500 });
    const first = new TestSender({ network, source: new GreedySource() });
    const later = new TestSender({
      network,
      source: new GreedySource(),
      startUs: 10 * second,
      receiver: { seed: 99 },
    });
    const from = { first: 0, later: 0 };
    simulate(network, [first, later], 0, 120 * second, (nowUs) => {
      if (nowUs !== 60 * second) return;
      from.first = first.arrivedBytes;
      from.later = later.arrivedBytes;
    });
    const a = first.arrivedBytes - from.first;
    const b = later.arrivedBytes - from.later;
    // Jain's index: 1 is fair, 0.5 is all for one.
    expect((a + b) ** 2 / (2 * (a * a + b * b))).toBeGreaterThan(0.9);
    expect(((a + b) * 8) / 60).toBeGreaterThan(0.85 * 3_000_000);
  });
});

describe("what was sent anyway", () => {
  it("counts as a probe when it arrives without delay", () => {
    const network = new TestNetwork({ capacityBps: () => 20_000_000 });
    const estimator = new BandwidthEstimator({ startBps: 1_000_000 });
    const replay = { media: () => 1_000, wantedBps: () => 0 };
    const sender = new TestSender({
      network,
      source: replay,
      limits: { startBps: 1_000_000, pacingFactor: 20 },
    });
    simulate(network, [sender], 0, 2 * second);
    expect(estimator.estimateBps).toBe(1_000_000);
    expect(sender.estimator.estimateBps).toBeGreaterThan(7_000_000);
    expect(sender.estimator.estimateBps).toBeLessThan(12_100_000);
  });
});
