import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeScheduler, settle } from "../player/fake-scheduler.ts";
import { type Contact, Poll } from "./poll.ts";
import { ApiProblem } from "./problem.ts";

let scheduler: FakeScheduler;
let poll: Poll;
let asked: AbortSignal[];
let contacts: string[];
let answer: (signal: AbortSignal) => Promise<void>;

beforeEach(() => {
  scheduler = new FakeScheduler();
  asked = [];
  contacts = [];
  answer = async () => {};
  poll = new Poll({
    ...{ scheduler, everyMs: 2000, timeoutMs: 10_000 },
    ask: (signal) => {
      asked.push(signal);
      return answer(signal);
    },
    onContact: (contact: Contact, problem) =>
      contacts.push([contact, ...(problem ? [problem.code] : [])].join(" ")),
  });
});
afterEach(() => {
  poll.close();
  poll.close();
});

const takes = (ms: number) => (signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    scheduler.after(ms, resolve);
    signal.addEventListener("abort", () => reject(new DOMException("gone", "AbortError")));
  });

test("asks every 2 s while the page is seen, and not at all while it is not", async () => {
  await scheduler.advance(5000);
  expect(asked).toHaveLength(0);
  poll.setVisible(true);
  await settle();
  await scheduler.advance(4100);
  expect(asked).toHaveLength(3);
  poll.setVisible(false);
  await scheduler.advance(60_000);
  expect(asked).toHaveLength(3);
  poll.setVisible(true);
  expect(asked).toHaveLength(4);
  await settle();
  expect(contacts).toEqual(["ok"]);
  expect(scheduler.pending).toBe(1);
  poll.close();
  expect(scheduler.pending).toBe(0);
});

test("a server that takes long to answer is asked at most a fifth of the time", async () => {
  answer = takes(1000);
  poll.setVisible(true);
  await settle();
  await scheduler.advance(4900);
  expect(asked).toHaveLength(1);
  await scheduler.advance(200);
  expect(asked).toHaveLength(2);
});

test("no answer is a lost contact, and the next answer ends it", async () => {
  poll.setVisible(true);
  await settle();
  await scheduler.advance(100);
  answer = async () => {
    throw new TypeError("Failed to fetch");
  };
  await scheduler.advance(6000);
  answer = async () => {};
  await scheduler.advance(2000);
  expect(contacts).toEqual(["ok", "lost", "ok"]);
});

test("a failing server is lost with its code, one that never answers after its time", async () => {
  answer = async () => {
    throw new ApiProblem("INTERNAL_ERROR", 500, "Something went wrong.");
  };
  poll.setVisible(true);
  await settle();
  await scheduler.advance(100);
  expect(contacts).toEqual(["lost INTERNAL_ERROR"]);
  answer = takes(60_000);
  await scheduler.advance(1900);
  expect(asked).toHaveLength(2);
  await scheduler.advance(9000);
  expect(asked[1]?.aborted).toBe(false);
  await scheduler.advance(1100);
  expect(asked[1]?.aborted).toBe(true);
});

test.each([401, 403])(
  "a refusal with %d is asked no more until something happens",
  async (status) => {
    answer = async () => {
      throw new ApiProblem("UNAUTHORIZED", status, "Who are you?");
    };
    poll.setVisible(true);
    await scheduler.advance(60_000);
    expect(asked).toHaveLength(1);
    expect(contacts).toEqual(["refused UNAUTHORIZED"]);
    answer = async () => {};
    poll.now();
    await settle();
    expect(contacts.at(-1)).toBe("ok");
  },
);

test("something else is shown: what was being asked is given up, and says nothing any more", async () => {
  answer = takes(500);
  poll.setVisible(true);
  await settle();
  await scheduler.advance(100);
  poll.now();
  expect(asked[0]?.aborted).toBe(true);
  await scheduler.advance(600);
  expect([asked.length, contacts]).toEqual([2, ["ok"]]);
});
