import { describe, expect, it } from "vitest";
import { PathDelay } from "./path-delay.ts";

const second = 1_000_000;

/** Feedback every 100 ms on one packet with this one-way delay. */
function feed(delay: PathDelay, fromUs: number, seconds: number, oneWayUs: number): number {
  let nowUs = fromUs;
  for (; nowUs < fromUs + seconds * second; nowUs += 100_000) {
    delay.packet(nowUs - 100_000, nowUs - 100_000 + oneWayUs, nowUs);
    delay.feedback(nowUs);
  }
  return nowUs;
}

describe("path delay", () => {
  it("knows a standing queue by the path's own delay, whatever the clocks say", () => {
    const delay = new PathDelay(100_000);
    let nowUs = feed(delay, 0, 5, -7e9);
    expect(delay.queued).toBe(false);
    nowUs = feed(delay, nowUs, 1, -7e9 + 100_000);
    expect(delay.queued).toBe(false);
    nowUs = feed(delay, nowUs, 1, -7e9 + 100_001);
    expect(delay.queued).toBe(true);
    expect(delay.stands(2 * second, nowUs)).toBe(false);
    nowUs = feed(delay, nowUs, 1, -7e9 + 200_000);
    expect(delay.stands(2 * second, nowUs)).toBe(true);
    expect(delay.stands(2 * second, nowUs)).toBe(false);
    feed(delay, nowUs, 1, -7e9);
    expect(delay.queued).toBe(false);
  });

  it("takes a delay that lasts for the path's own after a while", () => {
    const delay = new PathDelay(100_000);
    const nowUs = feed(delay, 0, 10, 20_000);
    feed(delay, nowUs, 45, 200_000);
    expect(delay.queued).toBe(false);
  });

  it("takes seconds of delay for a clock that was set", () => {
    const delay = new PathDelay(100_000);
    const nowUs = feed(delay, 0, 10, 20_000);
    feed(delay, nowUs, 1, 4 * second);
    expect(delay.queued).toBe(false);
  });

  it("measures the round trip by feedback until it is reported", () => {
    const delay = new PathDelay(100_000);
    expect(delay.roundTripUs).toBeUndefined();
    feed(delay, 0, 1, 20_000);
    expect(delay.roundTripUs).toBe(100_000);
    delay.reported(60_000);
    expect(delay.roundTripUs).toBe(60_000);
  });
});
