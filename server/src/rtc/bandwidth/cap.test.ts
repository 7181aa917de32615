import { describe, expect, it, vi } from "vitest";
import { LayeredRun, type LayeredRunOptions, second } from "./test-layered-run.ts";

// Minutes of simulated time take seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** 3 Mbit/s, 400 kbit/s from 20 to 50 seconds, and what became of it, in seconds after each change. */
function capped(options: Partial<LayeredRunOptions> = {}) {
  const figures = { lowAfter: Number.NaN, drainedAfter: Number.NaN, backAfter: Number.NaN };
  const atUs = (nowUs: number, from: number) => nowUs / second - from;
  const run = new LayeredRun({
    capacityBps: (nowUs) => (nowUs >= 20 * second && nowUs < 50 * second ? 400_000 : 3_000_000),
    queueBytes: 40_000,
    jitterUs: 1_000,
    seconds: 75,
    ...options,
    each: (nowUs, { estimateBps, network }) => {
      if (nowUs >= 20 * second && Number.isNaN(figures.lowAfter) && estimateBps < 450_000) {
        figures.lowAfter = atUs(nowUs, 20);
      }
      if (figures.lowAfter >= 0 && Number.isNaN(figures.drainedAfter)) {
        if (network.queuedBytes < 1_500) figures.drainedAfter = atUs(nowUs, 20);
      }
      if (nowUs >= 50 * second && Number.isNaN(figures.backAfter) && estimateBps > 2_500_000) {
        figures.backAfter = atUs(nowUs, 50);
      }
    },
  });
  return { run, ...figures };
}

describe("a link that is capped from 3 Mbit/s to 400 kbit/s and freed again", () => {
  for (const delayUs of [5_000, 40_000, 100_000]) {
    for (const queueBytes of [20_000, 40_000]) {
      it(`is followed down and up: ${delayUs / 1000} ms one way, queue of ${queueBytes} bytes`, () => {
        const { run, ...figures } = capped({ delayUs, queueBytes, receiver: { delayUs } });
        expect(figures.lowAfter).toBeLessThan(1.5);
        expect(figures.drainedAfter).toBeLessThan(4);
        expect(figures.backAfter).toBeLessThan(8);
        const down = run.source.switches.find((change) => change.atUs >= 20 * second);
        expect(down?.layer).toBe(0);
        expect(down?.atUs).toBeLessThan(21.5 * second);
        const top = run.source.switches.findLast((change) => change.layer === 2);
        expect(top?.atUs).toBeGreaterThan(50 * second);
        expect(top?.atUs).toBeLessThan(60 * second);
        // Down once, up once, with at most one step between.
        expect(run.layersFrom(20).length).toBeLessThanOrEqual(3);
        expect(run.estimateBps).toBeGreaterThan(2_000_000);
      });
    }
  }

  it("is followed with a pacer of 10 ms and feedback every 100 to 150 ms", () => {
    const { run, lowAfter, backAfter } = capped({
      timerUs: 10_000,
      receiver: { intervalUs: 100_000 },
    });
    expect(lowAfter).toBeLessThan(1.5);
    expect(backAfter).toBeLessThan(8);
    expect(run.source.shown).toBe(2);
  });

  for (const burstBytes of [1_600, 4_000, 10_000, 16_000]) {
    it(`is not taken for free because a token bucket lets ${burstBytes} bytes pass`, () => {
      const { run, lowAfter, backAfter } = capped({ burstBytes });
      expect(lowAfter).toBeLessThan(1.5);
      expect(backAfter).toBeLessThan(8);
      const whileCapped = run.source.switches.filter(
        ({ atUs }) => atUs > 20 * second && atUs < 50 * second,
      );
      expect(whileCapped.map(({ layer }) => layer)).toEqual([0]);
      expect(run.source.shown).toBe(2);
    });
  }

  it("makes few mistakes with a token bucket of 64 kB", () => {
    const { run } = capped({ burstBytes: 64_000 });
    expect(run.layersFrom(20).length).toBeLessThanOrEqual(8);
    expect(run.source.shown).toBe(2);
  });

  it("is seen by its loss when there is hardly a queue", () => {
    const { run, lowAfter } = capped({ queueBytes: 6_000 });
    expect(lowAfter).toBeLessThan(1.5);
    expect(run.layersFrom(20)[0]).toBe(0);
    expect(run.source.shown).toBe(2);
  });

  it("does not load the link much with probes while it lasts", () => {
    let from = 0;
    let until = 0;
    let longestUs = 0;
    const run = new LayeredRun({
      capacityBps: (nowUs) => (nowUs >= 20 * second ? 400_000 : 3_000_000),
      seconds: 80,
      each: (nowUs, { sender }) => {
        if (nowUs === 30 * second) from = sender.sentBytes;
        if (nowUs === 80 * second) until = sender.sentBytes;
        if (nowUs > 30 * second) longestUs = Math.max(longestUs, sender.delayUs);
      },
    });
    const sentBps = ((until - from) * 8) / 50;
    expect(run.source.shown).toBe(0);
    // The layer and the sound take 190 kbit/s.
    expect(sentBps).toBeLessThan(215_000);
    expect(longestUs).toBeLessThan(200_000);
  });
});

describe("a queue that is full", () => {
  it("does not hide behind a delay that does not grow", () => {
    // 500 kbit/s and sound into 400 kbit/s: a fifth is lost, the queue stays full.
    const run = new LayeredRun({
      capacityBps: () => 400_000,
      burstBytes: 60_000,
      queueBytes: 12_000,
      limits: { startBps: 900_000 },
      seconds: 20,
    });
    const down = run.source.switches.find(({ layer }) => layer === 0);
    expect(down?.atUs).toBeLessThan(6 * second);
  });
});
