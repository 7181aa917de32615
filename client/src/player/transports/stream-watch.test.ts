import type { StreamStatus } from "@millrace/signaling/session";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeScheduler } from "../fake-scheduler.ts";
import { LatencyEstimator } from "../latency.ts";
import { FakeFetch, flush } from "./fake-fetch.ts";
import type { FallbackEnvironment } from "./fallback-environment.ts";
import type { SignalingEvents, SignalingLink } from "./signaling-link.ts";
import { reasonFrom, statusFrom } from "./stream-events.ts";
import { linkGraceMs, pollRestMs, StreamWatch } from "./stream-watch.ts";

let scheduler: FakeScheduler;
let web: FakeFetch;
let told: string[];
let link: SignalingEvents;
let linkLog: string[];
let linkClock: number | undefined;

function makeWatch(polls = true): StreamWatch {
  const environment: FallbackEnvironment = {
    scheduler,
    fetch: web.fetch,
    createLink: (events) => {
      link = events;
      return {
        open: () => linkLog.push("open"),
        close: () => linkLog.push("close"),
        serverWallMs: () => linkClock,
      } as unknown as SignalingLink;
    },
    createLatency: () => new LatencyEstimator(),
  };
  const address = { base: "http://mill/", stream: "live/cam", token: undefined };
  return new StreamWatch({
    address,
    environment,
    polls,
    told: (status) => told.push(`${status.state} ${status.tracks.length}`),
  });
}

const live: StreamStatus = { name: "live/cam", state: "live", tracks: [], hints: [] };
const answer = (next: string, ...states: string[]) =>
  JSON.stringify({
    next,
    events: states.map((state) => ({ id: "1", event: "stream", data: { state, tracks: [{}] } })),
  });

beforeEach(() => {
  scheduler = new FakeScheduler();
  web = new FakeFetch();
  told = [];
  linkLog = [];
  linkClock = undefined;
});

describe("the stream", () => {
  it("is told by the link, without polling", async () => {
    const watch = makeWatch();
    watch.open();
    link.link(true);
    link.stream(live);
    await scheduler.advance(60_000);
    expect([told, web.calls.length, linkLog]).toEqual([["live 0"], 0, ["open"]]);
    watch.close();
    watch.close();
    link.stream(live);
    expect([told.length, linkLog]).toEqual([1, ["open", "close"]]);
  });

  it("is polled for while the link is down", async () => {
    const watch = makeWatch();
    watch.open();
    await scheduler.advance(linkGraceMs);
    expect(web.last.url.pathname).toBe("/live/cam.poll");
    web.last.answer(200, answer("N1", "live", "nonsense"));
    await flush();
    expect(told).toEqual(["live 1"]);
    await scheduler.advance(0);
    expect(web.last.url.searchParams.get("after")).toBe("N1");
    web.last.answer(404);
    await flush();
    expect(told).toEqual(["live 1", "offline 0"]);
    await scheduler.advance(pollRestMs - 1);
    expect(web.calls).toHaveLength(2);
    await scheduler.advance(1);
    expect(web.last.url.searchParams.has("after")).toBe(false);
    link.link(true);
    expect(web.last.aborted).toBe(true);
    await flush();
    await scheduler.advance(60_000);
    expect(web.calls).toHaveLength(3);
    link.link(false);
    await scheduler.advance(linkGraceMs);
    expect(web.calls).toHaveLength(4);
    watch.close();
    await flush();
    expect([web.last.aborted, scheduler.pending]).toEqual([true, 0]);
  });

  it("goes on being asked for after breaks and nonsense", async () => {
    makeWatch().open();
    await scheduler.advance(linkGraceMs);
    web.last.break();
    await flush();
    await scheduler.advance(pollRestMs);
    web.last.answer(200, "<html>");
    await flush();
    await scheduler.advance(pollRestMs);
    web.last.answer(503);
    await flush();
    await scheduler.advance(pollRestMs);
    expect([web.calls.length, told]).toEqual([4, []]);
  });

  it("is not polled for where media brings its events", async () => {
    makeWatch(false).open();
    await scheduler.advance(60_000);
    expect(web.calls).toHaveLength(0);
  });
});

it("the server's clock is the link's, else that of its answers", () => {
  const watch = makeWatch();
  watch.open();
  expect(watch.serverWallMs(0)).toBeUndefined();
  const headers = new Headers({ Date: "Fri, 02 Jan 2026 03:04:05 GMT" });
  watch.answered({ headers }, 0);
  expect(watch.serverWallMs(0)).toBe(Date.parse("2026-01-02T03:04:05Z") + 500);
  linkClock = 77;
  expect(watch.serverWallMs(0)).toBe(77);
});

it("events are read with care", () => {
  expect(statusFrom("stream", { state: "waiting" }, "a")).toEqual({
    name: "a",
    state: "waiting",
    tracks: [],
    hints: [],
  });
  for (const data of [null, 7, {}, { state: "odd" }]) {
    expect(statusFrom("stream", data, "a")).toBeUndefined();
  }
  expect(statusFrom("capture", { state: "live" }, "a")).toBeUndefined();
  expect(reasonFrom("bye", { reason: "KICKED" })).toBe("KICKED");
  expect(reasonFrom("bye", null)).toBe("CONNECTION_LOST");
  expect(reasonFrom("stream", { reason: "KICKED" })).toBeUndefined();
});
