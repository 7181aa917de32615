import { beforeEach, expect, it } from "vitest";
import { FakeScheduler } from "./fake-scheduler.ts";
import { hiddenPauseMs, Visibility } from "./visibility.ts";

let scheduler: FakeScheduler;
let log: string[];
let visibility: Visibility;

beforeEach(() => {
  scheduler = new FakeScheduler();
  log = [];
  visibility = new Visibility(scheduler, {
    pause: () => log.push("pause"),
    resume: () => log.push("resume"),
  });
});

it("pauses after a minute in the background and goes on when seen", async () => {
  visibility.update(false, false);
  await scheduler.advance(hiddenPauseMs - 1);
  expect(log).toEqual([]);
  await scheduler.advance(1);
  expect(log).toEqual(["pause"]);
  visibility.update(false, false);
  await scheduler.advance(hiddenPauseMs);
  expect(log).toEqual(["pause"]);
  visibility.update(true, false);
  visibility.update(true, false);
  expect(log).toEqual(["pause", "resume"]);
});

it("forgets a short look at another tab", async () => {
  visibility.update(false, false);
  await scheduler.advance(hiddenPauseMs - 1);
  visibility.update(true, false);
  await scheduler.advance(hiddenPauseMs);
  expect(log).toEqual([]);
});

it("plays on in the background where that is wanted", async () => {
  visibility.update(false, true);
  await scheduler.advance(hiddenPauseMs * 2);
  expect(log).toEqual([]);
});

it("leaves no timer after close", async () => {
  visibility.update(false, false);
  visibility.close();
  visibility.close();
  expect(scheduler.pending).toBe(0);
});
