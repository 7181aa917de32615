import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencyEstimator } from "../latency.ts";
import { CaptureLatency } from "./capture-latency.ts";
import { maxClockErrorMs, ServerClock } from "./server-clock.ts";

const startMs = Date.parse("2026-01-02T03:04:05.000Z");
const date = (wallMs: number) => new Date(wallMs).toUTCString();

describe("the server's clock", () => {
  it("is known within half a second after one quick answer", () => {
    const clock = new ServerClock();
    expect(clock.wallMs(0)).toBeUndefined();
    clock.answered(date(startMs), 1000, 1040);
    expect(Math.abs((clock.wallMs(1040) ?? 0) - (startMs + 500))).toBeLessThanOrEqual(20);
  });

  it("is not told when it is known too badly", () => {
    const clock = new ServerClock();
    clock.answered(date(startMs), 0, 2 * maxClockErrorMs - 1000 + 1);
    expect(clock.wallMs(0)).toBeUndefined();
    clock.answered("nonsense", 0, 1);
    clock.answered(null, 0, 1);
    expect(clock.wallMs(0)).toBeUndefined();
  });

  it("is better known with each answer, and never wrong by more than it says", () => {
    const gaps = fc.array(fc.integer({ min: 50, max: 1500 }), { minLength: 40, maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.nat(999), (list, phase) => {
        const clock = new ServerClock();
        let nowMs = 0;
        for (const gap of list) {
          nowMs += gap;
          clock.answered(date(startMs + phase + nowMs + 10), nowMs, nowMs + 20);
        }
        const error = (clock.wallMs(nowMs) ?? 0) - (startMs + phase + nowMs);
        expect(Math.abs(error)).toBeLessThanOrEqual(520);
      }),
    );
    const clock = new ServerClock();
    for (let nowMs = 0; nowMs < 20_000; nowMs += 130) {
      clock.answered(date(startMs + 333 + nowMs), nowMs, nowMs + 10);
    }
    expect(Math.abs((clock.wallMs(0) ?? 0) - (startMs + 333))).toBeLessThan(30);
  });

  it("begins anew when it was set", () => {
    const clock = new ServerClock();
    clock.answered(date(startMs), 0, 10);
    clock.answered(date(startMs + 3_600_000), 100, 110);
    expect(Math.abs((clock.wallMs(110) ?? 0) - (startMs + 3_600_500))).toBeLessThan(20);
  });
});

it("the age of a frame is what the server's clock is ahead of its capture", () => {
  const latency = new CaptureLatency(new LatencyEstimator({ settleMs: 0 }));
  expect(latency.frame(undefined, 0, startMs)).toBeUndefined();
  expect(latency.frame(startMs, 0, undefined)).toBeUndefined();
  expect(latency.frame(startMs - 400, 10, startMs)?.latencyMs).toBe(400);
  expect(latency.frame(startMs - 360, 20, startMs + 10)?.latencyMs).toBe(370);
  // A jump of the capture time by days is none of its business.
  expect(latency.frame(startMs + 9e9 - 300, 30, startMs + 9e9)?.latencyMs).toBe(300);
});
