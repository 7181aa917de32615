import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { silentLog } from "../core/index.ts";
import { createEvent, type HookEvent } from "./event.ts";
import { EventQueue } from "./event-queue.ts";
import type { HookLimits } from "./limits.ts";

let clock: FakeClock;
let taken: string[];
let ids: string[];
let calls: string[];
let lost: string[];
/** What the receiver does with the next one. */
let receive: (event: HookEvent, signal: AbortSignal) => Promise<void>;

beforeEach(() => {
  clock = new FakeClock();
  taken = [];
  ids = [];
  calls = [];
  lost = [];
  receive = async () => {};
});

function queue(limits: Partial<HookLimits> = {}): EventQueue<HookEvent> {
  return new EventQueue<HookEvent>({
    name: "webhook.event",
    nameOf: ({ type }) => type,
    lost: (count) => createEvent({ type: "events.lost", count }, clock.wallMs()),
    observer: {
      onCall: ({ hook, result, seconds }) => calls.push(`${hook} ${result} ${seconds}`),
      onLost: ({ hook, count }) => lost.push(`${hook} ${count}`),
    },
    clock,
    log: silentLog,
    limits,
    deliver: async (event, signal) => {
      ids.push(event.id);
      await receive(event, signal);
      taken.push(event.type === "events.lost" ? `lost ${event.count}` : textOf(event));
    },
  });
}

const textOf = (event: HookEvent): string =>
  event.type === "stream.live" ? event.reason : event.type;
const event = (reason: string): HookEvent =>
  createEvent({ type: "stream.live", stream: "live/cam", reason }, clock.wallMs());
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("events are told one after the other", async () => {
  const events = queue();
  let running = 0;
  receive = async () => {
    expect(++running).toBe(1);
    await settle();
    running--;
  };
  for (const reason of ["a", "b", "c"]) events.push(event(reason));
  await events.close();
  expect(taken).toEqual(["a", "b", "c"]);
  expect(clock.timers).toBe(0);
});

test("one that is not taken is told again, later each time, and none overtakes it", async () => {
  const events = queue();
  receive = () => Promise.reject(new Error("down"));
  events.push(event("a"));
  await settle();
  events.push(event("b"));
  for (const [ms, tries] of [
    [999, 1],
    [1, 2],
    [1999, 2],
    [1, 3],
    [3999, 3],
    [1, 4],
  ] as const) {
    clock.advance(ms);
    await settle();
    expect(ids).toHaveLength(tries);
  }
  expect(new Set(ids).size).toBe(1);
  receive = async () => {};
  clock.advance(8000);
  await settle();
  expect(taken).toEqual(["a", "b"]);
});

test("a receiver that does not answer is given up for this time", async () => {
  const events = queue({ notifyTimeoutMs: 5000 });
  receive = (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error())));
  events.push(event("a"));
  await settle();
  clock.advance(5000);
  await settle();
  receive = async () => {};
  clock.advance(1000);
  await settle();
  expect(taken).toEqual(["a"]);
});

test("beyond the limit the oldest ones are lost, and the receiver is told how many", async () => {
  const events = queue({ maxQueued: 3 });
  receive = () => Promise.reject(new Error("down"));
  events.push(event("0"));
  await settle();
  for (let i = 1; i < 10; i++) events.push(event(String(i)));
  expect(events.waiting).toBe(3);
  receive = async () => {};
  clock.advance(1000);
  await settle();
  expect(taken).toEqual(["lost 7", "7", "8", "9"]);
});

test("the end waits for what is on its way, for a time", async () => {
  const events = queue({ drainMs: 2000, notifyTimeoutMs: 60_000 });
  receive = (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error())));
  events.push(event("a"));
  await settle();
  const closed = events.close();
  await settle();
  clock.advance(2000);
  await closed;
  await events.close();
  expect([taken, clock.timers]).toEqual([[], 0]);
  events.push(event("b"));
  expect(events.waiting).toBe(1);
});

test("at the end there is one more try, and no waiting for further ones", async () => {
  const events = queue();
  receive = () => Promise.reject(new Error("down"));
  events.push(event("a"));
  await settle();
  await events.close();
  expect(ids).toHaveLength(2);
  expect(clock.timers).toBe(0);
});

test("what each try took and what was lost is told to whoever counts", async () => {
  const events = queue({ maxQueued: 2 });
  receive = () => {
    clock.advance(250);
    return Promise.reject(new Error("down"));
  };
  for (const reason of ["a", "b", "c", "d"]) events.push(event(reason));
  await settle();
  expect(calls).toEqual(["webhook.event error 0.25"]);
  expect(lost).toEqual(["webhook.event 1", "webhook.event 1"]);
  receive = async () => {};
  clock.advance(1000);
  await settle();
  await settle();
  expect(calls.slice(1)).toEqual(calls.slice(1).map(() => "webhook.event taken 0"));
  expect(taken).toContain("lost 2");
  receive = () => Promise.reject(new Error("down"));
  events.push(event("e"));
  await events.close();
  expect(lost.at(-1)).toBe("webhook.event 1");
});
