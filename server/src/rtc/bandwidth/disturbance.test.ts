import { describe, expect, it, vi } from "vitest";
import { referenceRangeUs } from "./arrival-clock.ts";
import { LayeredRun, second } from "./test-layered-run.ts";

// Minutes of simulated time take seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** The least estimate from ten seconds on. */
function least(options: Omit<ConstructorParameters<typeof LayeredRun>[0], "each">) {
  let leastBps = Number.POSITIVE_INFINITY;
  const run = new LayeredRun({
    ...options,
    each: (nowUs, { estimateBps }) => {
      if (nowUs > 10 * second) leastBps = Math.min(leastBps, estimateBps);
    },
  });
  return { run, leastBps };
}

const free = () => 5_000_000;

describe("random loss on a link that is not full", () => {
  for (const loss of [0.02, 0.05, 0.1]) {
    for (const seed of [1, 2, 3]) {
      it(`of ${loss * 100} % does not drive the estimate down (seed ${seed})`, () => {
        const { run, leastBps } = least({ capacityBps: free, loss, seed, seconds: 90 });
        expect(run.source.shown).toBe(2);
        expect(leastBps).toBeGreaterThan(1_800_000);
        expect(run.source.switches.length).toBeLessThanOrEqual(3);
        expect(run.sender.estimator.lossShare).toBeGreaterThan(0);
      });
    }
  }
});

describe("delay that varies", () => {
  for (const jitterUs of [5_000, 10_000, 20_000]) {
    for (const seed of [1, 2]) {
      it(`by ±${jitterUs / 1000} ms does not make the estimate collapse (seed ${seed})`, () => {
        const { run, leastBps } = least({ capacityBps: free, jitterUs, seed, seconds: 90 });
        expect(run.source.shown).toBe(2);
        expect(leastBps).toBeGreaterThan(1_500_000);
        expect(run.source.switches.length).toBeLessThanOrEqual(3);
      });
      it(`by ±${jitterUs / 1000} ms so that packets overtake each other neither (seed ${seed})`, () => {
        const { run, leastBps } = least({
          capacityBps: free,
          jitterUs,
          reorder: true,
          seed,
          seconds: 90,
        });
        expect(run.source.shown).toBeGreaterThanOrEqual(1);
        expect(leastBps).toBeGreaterThan(1_000_000);
      });
    }
  }
});

describe("feedback", () => {
  it("may be lost or come out of order", () => {
    const { run, leastBps } = least({
      capacityBps: free,
      receiver: { loss: 0.2, late: 0.2 },
      seconds: 60,
    });
    expect(run.source.shown).toBe(2);
    expect(leastBps).toBeGreaterThan(1_800_000);
    expect(run.sender.estimator.lossShare).toBeLessThan(0.02);
  });

  it("may begin just before the receiver's reference time wraps", () => {
    const receiver = { epochUs: referenceRangeUs / 2 - 15 * second };
    const { run, leastBps } = least({ capacityBps: free, receiver, seconds: 30 });
    expect(run.source.shown).toBe(2);
    expect(leastBps).toBeGreaterThan(2_300_000);
  });

  it("may stop for seconds: nothing grows, and all is well soon after", () => {
    const estimates: number[] = [];
    const run = new LayeredRun({
      capacityBps: free,
      receiver: { mute: (nowUs) => nowUs > 20 * second && nowUs < 26 * second },
      seconds: 45,
      each: (nowUs, { sender, estimateBps }) => {
        if (nowUs === 20 * second || nowUs === 26 * second) estimates.push(estimateBps);
        if (nowUs === 25 * second) {
          expect(sender.estimator.state).toBe("decrease");
          expect(sender.estimator.nextProbe(nowUs, 20_000_000)).toBeUndefined();
        }
      },
    });
    expect(estimates[1]).toBeLessThan(0.7 * (estimates[0] ?? 0));
    expect(run.source.shown).toBe(2);
    expect(run.estimateBps).toBeGreaterThan(1_800_000);
  });
});
