import { beforeEach, expect, it } from "vitest";
import { FakeScheduler } from "../fake-scheduler.ts";
import { FakeFetch, flush } from "./fake-fetch.ts";
import { HttpTalk } from "./http-talk.ts";

let scheduler: FakeScheduler;
let web: FakeFetch;
let told: string[];
let talk: HttpTalk;

beforeEach(() => {
  scheduler = new FakeScheduler();
  web = new FakeFetch();
  told = [];
  talk = new HttpTalk(
    {
      fetch: web.fetch,
      scheduler,
      answered: (response, sentMs) => told.push(`heard ${response.status} at ${sentMs}`),
    },
    {
      answered: (yes) => told.push(`answered ${yes}`),
      ended: (code) => told.push(`ended ${code}`),
    },
  );
});

const request = { url: "http://mill/live/cam.flv", headers: { Authorization: "Bearer T" } };

it("gives good answers, and tells of the first one only", async () => {
  for (const sentMs of [0, 5]) {
    await scheduler.advance(sentMs);
    const asked = talk.ask(request);
    web.last.answer(200, "media");
    expect(await (await asked)?.text()).toBe("media");
  }
  expect(told).toEqual(["heard 200 at 0", "answered true", "heard 200 at 5"]);
});

it("is over with a refusal, which is an answer", async () => {
  const asked = talk.ask(request);
  web.last.answer(404);
  expect(await asked).toBeUndefined();
  expect(told).toEqual(["heard 404 at 0", "answered true", "ended STREAM_NOT_FOUND"]);
  expect(talk.isOver).toBe(true);
  talk.breaks();
  talk.end("TIMEOUT", "");
  expect(told).toHaveLength(3);
});

it("is over when an answer takes too long, unless that is called off", async () => {
  talk.limit(1000)();
  await scheduler.advance(1000);
  expect(told).toEqual([]);
  talk.ask(request).catch(() => {});
  talk.limit(1000);
  await scheduler.advance(999);
  expect(told).toEqual([]);
  await scheduler.advance(1);
  await flush();
  expect([told, web.last.aborted]).toEqual([["answered false", "ended TIMEOUT"], true]);
});

it("tells a server that was never reached from one that was lost", async () => {
  talk.breaks();
  expect(told).toEqual(["answered false", "ended SERVER_UNREACHABLE"]);
});

it("breaks off as lost once the server has answered", async () => {
  const asked = talk.ask(request);
  web.last.answer(200, "media");
  await asked;
  talk.breaks();
  expect(told.at(-1)).toBe("ended CONNECTION_LOST");
});

it("tells nothing once it is closed", async () => {
  const asked = talk.ask(request).catch(() => undefined);
  talk.close();
  talk.close();
  await asked;
  talk.breaks();
  expect([told, web.last.aborted]).toEqual([[], true]);
});
