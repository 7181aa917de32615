import { beforeEach, expect, it } from "vitest";
import { FreezeWatch } from "./freeze-watch.ts";
import { defaultLadderLimits } from "./ladder-state.ts";

let watch: FreezeWatch;
let nowMs: number;

beforeEach(() => {
  watch = new FreezeWatch(defaultLadderLimits);
  nowMs = 1000;
  watch.reset(nowMs, false);
});

function frames(count: number, everyMs: number, fine = true): void {
  for (let shown = 0; shown < count; shown++) {
    nowMs += everyMs;
    watch.progress(nowMs, fine);
  }
}

it("warms at 1 s, switches at 2 s, is frozen at 3 s", () => {
  frames(30, 33);
  expect(watch.warmAtMs - nowMs).toBe(1000);
  expect(watch.switchAtMs - nowMs).toBe(2000);
  expect(watch.frozenAtMs - nowMs).toBe(3000);
});

it("gives streams with few frames, and counters that are read once a second, more time", () => {
  frames(30, 500);
  expect(watch.warmAtMs - nowMs).toBe(1500);
  frames(30, 1000);
  expect(watch.warmAtMs - nowMs).toBe(2000);
  frames(200, 33);
  expect(watch.warmAtMs - nowMs).toBe(1000);
  frames(1, 1000, false);
  expect(watch.warmAtMs - nowMs).toBe(2000);
  expect(watch.switchAtMs - nowMs).toBe(3000);
});

it("calls a picture smooth that has moved for a second since its last gap", () => {
  frames(30, 33);
  nowMs += 1500;
  watch.progress(nowMs, true);
  const resumedMs = nowMs;
  frames(20, 33);
  expect(watch.smoothAtMs).toBe(resumedMs + 1000);
});

it("is mild to a rung that a freeze led to, until it has settled", () => {
  watch.reset(nowMs, true);
  frames(30, 33);
  expect(watch.warmAtMs - nowMs).toBe(9000);
  expect(watch.frozenAtMs - nowMs).toBe(10_000);
  watch.reset(nowMs, false);
  expect(watch.warmAtMs - nowMs).toBe(9000);
  watch.settled();
  expect(watch.warmAtMs - nowMs).toBe(1000);
});
