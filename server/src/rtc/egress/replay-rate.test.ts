import { describe, expect, it } from "vitest";
import { defaultPacerLimits } from "./pacer-limits.ts";
import { ReplayRate } from "./replay-rate.ts";

/** Lets windows of 100 ms pass in which 200 packets are sent and a share of them is told missing. */
class Windows {
  readonly rate = new ReplayRate(defaultPacerLimits);
  nowUs = 0;

  constructor(factor = 8) {
    this.rate.start(factor, 0);
  }

  pass(count: number, missing: number): number {
    for (let i = 0; i < count; i++) {
      for (let packet = 0; packet < 200; packet++) this.rate.sent(1);
      this.nowUs += 100_000;
      if (missing > 0) this.rate.missing(missing, this.nowUs - 50_000);
      this.rate.tick(this.nowUs);
    }
    return this.rate.factor;
  }
}

describe("ReplayRate", () => {
  it("holds while some percent are lost, as on a radio link", () => {
    expect(new Windows().pass(50, 20)).toBe(8);
  });

  it("is cut to a little below what came through, every other window", () => {
    const windows = new Windows();
    expect(windows.pass(1, 60)).toBeCloseTo(8 * 0.7 * 0.9);
    expect(windows.pass(1, 60)).toBeCloseTo(8 * 0.7 * 0.9);
    expect(windows.pass(1, 60)).toBeCloseTo(8 * 0.7 * 0.9 * 0.7 * 0.9);
    expect(windows.rate.cuts).toBe(2);
  });

  it("is halved at most in one step, and never goes below its floor", () => {
    const windows = new Windows();
    expect(windows.pass(1, 200)).toBe(4);
    expect(windows.pass(20, 200)).toBe(defaultPacerLimits.floorFactor);
  });

  it("grows by a quarter per 100 ms after 300 ms without losses, up to where it began", () => {
    const windows = new Windows(6);
    windows.pass(1, 150);
    const cut = windows.rate.factor;
    expect(windows.pass(2, 0)).toBe(cut);
    expect(windows.pass(3, 0)).toBe(cut + 0.75);
    windows.pass(1, 1);
    const held = windows.rate.factor;
    expect(windows.pass(2, 0)).toBe(held);
    expect(windows.pass(100, 0)).toBe(6);
  });

  it("takes few packets for no proof of anything", () => {
    const rate = new ReplayRate(defaultPacerLimits);
    rate.start(8, 0);
    for (let packet = 0; packet < 9; packet++) rate.sent(1);
    rate.missing(9, 0);
    rate.tick(100_000);
    expect(rate.factor).toBe(8);
  });

  it("lets the next replay try half after a failed one, and forgives after half a minute", () => {
    const rate = new ReplayRate(defaultPacerLimits);
    rate.start(6, 0);
    rate.giveUp(0);
    expect(rate.ceiling(30_000_000)).toBe(3);
    expect(rate.ceiling(30_000_001)).toBe(8);
    rate.start(2, 0);
    rate.giveUp(0);
    expect(rate.ceiling(0)).toBe(defaultPacerLimits.minFactor);
  });
});
