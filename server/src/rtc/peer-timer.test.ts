import { expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { PeerTimer } from "./peer-timer.ts";

test("fires once, at the earliest of its deadlines, and can be set again", () => {
  const clock = new FakeClock();
  const fired: number[] = [];
  const timer = new PeerTimer(clock, (nowUs) => fired.push(nowUs));
  timer.atLatest(5_000_000);
  timer.atLatest(9_000_000);
  timer.atLatest(2_000_000);
  expect(clock.timers).toBe(1);
  clock.advance(10_000);
  expect(fired).toEqual([2_000_000]);
  timer.atLatest(1);
  clock.advance(0);
  expect(fired).toHaveLength(2);
  timer.atLatest(clock.nowUs() + 1);
  timer.cancel();
  timer.cancel();
  expect(clock.timers).toBe(0);
});
