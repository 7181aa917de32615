import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StreamHealth } from "../core/index.ts";
import { type Said, TestBackEnd } from "./test-back-end.ts";
import { codeOf, HookRig, noMist } from "./test-hooks.ts";

let backEnd: TestBackEnd;
let rig: HookRig;
let answers: Record<string, Said>;

beforeEach(async () => {
  backEnd = await new TestBackEnd().start();
  answers = { USER_NEW: { body: "true" } };
  backEnd.answer = ({ headers }) => answers[String(headers["x-trigger"])] ?? {};
  const urls = [`${backEnd.url}/trigger`];
  rig = new HookRig({
    mist: {
      ...{ rtmpPushRewriteUrls: urls, pushRewriteUrls: [], userNewUrls: urls },
      ...{ userEndUrls: urls, streamBufferUrls: urls },
    },
  });
});
afterEach(async () => {
  await rig.close();
  backEnd.close();
});

const lines = (trigger: string): string[][] =>
  backEnd.received
    .filter(({ headers }) => headers["x-trigger"] === trigger)
    .map(({ body }) => body.split("\n"));

const rewriting = (body: string): void => {
  answers["RTMP_PUSH_REWRITE"] = { body };
};

describe("a handler of MistServer's triggers", () => {
  test("gives a publisher's key another name", async () => {
    rewriting("rtmp://media.example:1935/live/eva\n");
    const publisher = await rig.publish({ stream: "live/key" });
    expect(publisher.stream.name).toBe("live/eva");
    expect(lines("RTMP_PUSH_REWRITE")).toEqual([
      ["rtmp://media.example:1935/live/key?token=shown", "192.0.2.7"],
    ]);
    expect(backEnd.received[0]?.headers).toMatchObject({
      "content-type": "text/plain",
      "x-trigger-uuid": expect.stringMatching(/^[\da-f-]{36}$/),
      "x-trigger-unixmillis": expect.stringMatching(/^\d{13}$/),
    });
  });

  test.each([
    ["nothing", { body: "" }, "HOOK_DENIED"],
    ["no address", { body: "true" }, "HOOK_DENIED"],
    ["an address of nothing", { body: "rtmp://a/" }, "HOOK_DENIED"],
    ["a name that is none", { body: "rtmp://a/live/../b" }, "HOOK_UNAVAILABLE"],
    ["a failure", { status: 500, body: "rtmp://a/live/b" }, "HOOK_UNAVAILABLE"],
    ["elsewhere", { status: 301, headers: { Location: "/" } }, "HOOK_UNAVAILABLE"],
    ["an address over TLS", { body: "rtmps://a/live/b?x=1" }, "ok"],
  ] as const)("that answers a rewrite with %s", async (_, said, code) => {
    answers["RTMP_PUSH_REWRITE"] = said;
    expect(await codeOf(rig.publish())).toBe(code);
  });

  test("lets viewers in or not, and hears of each end once", async () => {
    rewriting("rtmp://a/live/cam");
    await rig.publish();
    const viewer = await rig.play({ transport: "http-flv", host: "media.example" });
    const session = viewer.id;
    const url = "http://media.example/live/cam.flv?token=shown";
    expect(lines("USER_NEW")).toEqual([["live/cam", "192.0.2.7", session, "FLV", url, session]]);
    viewer.close();
    await expect.poll(() => lines("USER_END"), { timeout: 10_000 }).toHaveLength(1);
    expect(lines("USER_END")).toEqual([
      [session, "live/cam", "FLV", "192.0.2.7", "0", "7000", "70", "[reason:LEFT]"],
    ]);
  });

  test.each([
    ["1", "ok"],
    ["yes", "ok"],
    ["TRUE", "ok"],
    ["continue", "ok"],
    ["0", "HOOK_DENIED"],
    ["no", "HOOK_DENIED"],
    ["", "HOOK_DENIED"],
    ["<html>", "HOOK_DENIED"],
  ])("that answers %j about a viewer", async (body, code) => {
    rewriting("rtmp://a/live/cam");
    await rig.publish();
    answers["USER_NEW"] = { body };
    expect(await codeOf(rig.play())).toBe(code);
    if (code !== "ok") expect(rig.registry.get("live/cam")?.viewers.size).toBe(0);
  });

  test("hears how a stream is fed, and that nobody feeds it any more", async () => {
    rewriting("rtmp://a/live/cam");
    const publisher = await rig.publish();
    const health = { sinceMs: 5, lagMs: 0, speed: 1 };
    const told = (buffer: StreamHealth["buffer"]): void =>
      publisher.stream.setHealth({ ...health, buffer });
    told("FULL");
    told("DRY");
    told("RECOVER");
    publisher.close("CLIENT_STOPPED");
    await expect.poll(() => lines("STREAM_BUFFER"), { timeout: 10_000 }).toHaveLength(4);
    const news = lines("STREAM_BUFFER");
    expect(news.map(([stream, state]) => `${stream} ${state}`)).toEqual([
      ...["live/cam FULL", "live/cam DRY", "live/cam RECOVER", "live/cam EMPTY"],
    ]);
    expect(JSON.parse(news[1]?.[2] ?? "")).toMatchObject({ issues: expect.any(String) });
    expect(JSON.parse(news[2]?.[2] ?? "")).not.toHaveProperty("issues");
    expect(news[3]).toHaveLength(2);
  });
});

test("PUSH_REWRITE sees the address of any protocol, and answers a name", async () => {
  const any = new HookRig({ mist: { ...noMist, pushRewriteUrls: [backEnd.url] } });
  answers["PUSH_REWRITE"] = { body: "live/eva" };
  const publisher = await any.publish({ transport: "whip", stream: "live/key", token: undefined });
  expect(publisher.stream.name).toBe("live/eva");
  answers["PUSH_REWRITE"] = { body: "" };
  expect(await codeOf(any.publish({ transport: "webrtc", host: undefined }))).toBe("HOOK_DENIED");
  expect(lines("PUSH_REWRITE")).toEqual([
    ["http://media.example:1935/webrtc/live/key", "192.0.2.7", "live/key"],
    ["ws://localhost/webrtc/live/cam?token=shown", "192.0.2.7", "live/cam"],
  ]);
  await any.close();
});
