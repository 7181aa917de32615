import { beforeEach, expect, it } from "vitest";
import { DeadlineTimer } from "./deadline-timer.ts";
import { FakeScheduler } from "./fake-scheduler.ts";

let scheduler: FakeScheduler;
let fired: number[];
let timer: DeadlineTimer;

beforeEach(() => {
  scheduler = new FakeScheduler();
  fired = [];
  timer = new DeadlineTimer(scheduler, () => fired.push(scheduler.nowMs()));
});

it("fires once, at the deadline", async () => {
  timer.set(100);
  await scheduler.advance(1000);
  expect(fired).toEqual([100]);
});

it("comes sooner for a nearer deadline, and stays for later ones", async () => {
  timer.set(100);
  timer.set(50);
  timer.set(500);
  expect(scheduler.pending).toBe(1);
  await scheduler.advance(1000);
  expect(fired).toEqual([50]);
});

it("leaves nothing behind without a deadline", () => {
  timer.set(100);
  timer.set(undefined);
  timer.set(undefined);
  expect(scheduler.pending).toBe(0);
});

it("is due at once for a deadline in the past", async () => {
  await scheduler.advance(1000);
  timer.set(10);
  await scheduler.advance(0);
  expect(fired).toEqual([1000]);
});
