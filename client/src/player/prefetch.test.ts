import { beforeEach, expect, it } from "vitest";
import { FakeScheduler, settle } from "./fake-scheduler.ts";
import { Prefetch, prefetchAfterMs } from "./prefetch.ts";
import type { TransportName } from "./transports/transport.ts";

const all: readonly TransportName[] = ["webrtc", "ws-flv", "ll-hls"];
let scheduler: FakeScheduler;
let idle: (() => void)[];
let metered: boolean;
let loaded: string[];
let refuse: boolean;
let prefetch: Prefetch;

beforeEach(() => {
  scheduler = new FakeScheduler();
  idle = [];
  metered = false;
  refuse = false;
  loaded = [];
  prefetch = new Prefetch({
    scheduler,
    whenIdle: (callback) => idle.push(callback),
    isMetered: () => metered,
    load: async (names) => {
      loaded.push(names.join());
      if (refuse) throw new Error("offline");
    },
  });
});

it("comes when WebRTC has played for a while and the page is idle, once", async () => {
  prefetch.playsBy("webrtc", all);
  await scheduler.advance(prefetchAfterMs - 1);
  expect(idle).toHaveLength(0);
  await scheduler.advance(1);
  expect([idle.length, loaded]).toEqual([1, []]);
  idle[0]?.();
  expect(loaded).toEqual(["ws-flv,ll-hls"]);
  prefetch.playsBy("webrtc-relay", all);
  await scheduler.advance(prefetchAfterMs);
  expect([idle.length, scheduler.pending]).toEqual([1, 0]);
});

it("waits for play without a break", async () => {
  prefetch.playsBy("webrtc", all);
  await scheduler.advance(prefetchAfterMs - 1);
  prefetch.playsBy(undefined, all);
  await scheduler.advance(prefetchAfterMs);
  prefetch.playsBy("webrtc", all);
  await scheduler.advance(prefetchAfterMs - 1);
  expect(idle).toHaveLength(0);
  await scheduler.advance(1);
  expect(idle).toHaveLength(1);
});

it.each([
  ["another way plays", "ws-flv", all],
  ["WebRTC alone may be used", "webrtc", ["webrtc", "webrtc-relay"]],
] as const)("fetches nothing where %s", (_case, now, allowed) => {
  prefetch.playsBy(now, allowed);
  expect(scheduler.pending).toBe(0);
});

it("costs nothing on a line that is paid by the byte, until there is another one", async () => {
  metered = true;
  prefetch.playsBy("webrtc", all);
  await scheduler.advance(prefetchAfterMs);
  expect(idle).toHaveLength(0);
  metered = false;
  prefetch.playsBy("webrtc-relay", all);
  await scheduler.advance(prefetchAfterMs);
  expect(idle).toHaveLength(1);
});

it("keeps it to itself when it fails", async () => {
  refuse = true;
  prefetch.playsBy("webrtc", all);
  await scheduler.advance(prefetchAfterMs);
  idle[0]?.();
  await settle();
  expect(loaded).toHaveLength(1);
});
