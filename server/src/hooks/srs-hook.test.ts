import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestBackEnd } from "./test-back-end.ts";
import { codeOf, HookRig, noSrs } from "./test-hooks.ts";

let backEnd: TestBackEnd;
let rig: HookRig;
let calls: string[];

beforeEach(async () => {
  backEnd = await new TestBackEnd().start();
  backEnd.answer = () => ({ body: '{"code":0,"data":null}' });
  const urls = [`${backEnd.url}/callback`];
  rig = new HookRig({
    srs: {
      ...{ connectUrls: urls, publishUrls: urls, playUrls: urls },
      ...{ unpublishUrls: urls, stopUrls: urls, closeUrls: urls },
    },
  });
  calls = [];
  rig.hooks.observe({ onCall: ({ hook, result }) => void calls.push(`${hook} ${result}`) });
});
afterEach(async () => {
  await rig.close();
  backEnd.close();
});

const bodies = (): Record<string, unknown>[] =>
  backEnd.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
const actions = (): unknown[] => bodies().map(({ action }) => action);

describe("a back end of SRS", () => {
  test("hears of a publisher what SRS says, with one client_id from beginning to end", async () => {
    const publisher = await rig.publish({ pageUrl: "http://site.example/studio" });
    publisher.close("CLIENT_STOPPED");
    await expect.poll(actions, { timeout: 10_000 }).toHaveLength(4);
    const common = {
      server_id: expect.stringMatching(/^vid-\w{7}$/),
      service_id: expect.stringMatching(/^\w{8}$/),
      client_id: publisher.id,
      ip: "192.0.2.7",
      vhost: "__defaultVhost__",
      app: "live",
      tcUrl: "rtmp://media.example:1935/live",
    };
    const stream = {
      stream: "cam",
      param: "?token=shown",
      stream_url: "/live/cam",
      stream_id: expect.stringMatching(/^vid-\w{7}$/),
    };
    expect(bodies()).toEqual([
      { action: "on_connect", ...common, pageUrl: "http://site.example/studio" },
      { action: "on_publish", ...common, ...stream },
      { action: "on_unpublish", ...common, ...stream },
      { action: "on_close", ...common, ...stream, send_bytes: 50, recv_bytes: 5000 },
    ]);
    expect(backEnd.received[0]).toMatchObject({
      path: "/callback",
      headers: { "content-type": "application/json" },
    });
    await expect
      .poll(() => calls, { timeout: 10_000 })
      .toEqual(["srs.publish allow", "srs.notice taken", "srs.notice taken"]);
  });

  test("hears of a viewer, whatever way it comes", async () => {
    await rig.publish();
    backEnd.received.length = 0;
    const viewer = await rig.play({ transport: "webrtc", token: undefined });
    viewer.close();
    await expect.poll(actions, { timeout: 10_000 }).toHaveLength(4);
    expect(actions()).toEqual(["on_connect", "on_play", "on_stop", "on_close"]);
    expect(new Set(bodies().map((body) => body["client_id"]))).toEqual(new Set([viewer.id]));
    expect(bodies()[1]).toMatchObject({
      ...{ pageUrl: "", param: "", tcUrl: "rtmp://__defaultVhost__/live" },
    });
    expect(bodies()[3]).toMatchObject({ send_bytes: 7000, recv_bytes: 70 });
  });

  test.each([
    ["0", { body: "0" }, "ok"],
    ["code 0", { body: '{"code":0}' }, "ok"],
    ["created", { status: 201, body: "0\n" }, "ok"],
    ["another code", { body: '{"code":1}' }, "HOOK_DENIED"],
    ["another number", { body: "1" }, "HOOK_DENIED"],
    ["forbidden", { status: 403 }, "HOOK_DENIED"],
    ["nothing", { body: "" }, "HOOK_UNAVAILABLE"],
    ["garbage", { body: "<html>" }, "HOOK_UNAVAILABLE"],
    ["a text", { body: '{"code":"0"}' }, "HOOK_UNAVAILABLE"],
    ["no code", { body: "{}" }, "HOOK_UNAVAILABLE"],
    ["a failure", { status: 500, body: "0" }, "HOOK_UNAVAILABLE"],
    ["elsewhere", { status: 302, headers: { Location: "/0" }, body: "0" }, "HOOK_UNAVAILABLE"],
  ] as const)("that says %s", async (_, said, code) => {
    backEnd.answer = () => said;
    expect(await codeOf(rig.publish())).toBe(code);
    expect(rig.registry.list()).toHaveLength(code === "ok" ? 1 : 0);
  });

  test("that refuses to let somebody publish hears that the connection is closed", async () => {
    backEnd.answer = ({ body }) => ({ body: body.includes("on_publish") ? "1" : "0" });
    expect(await codeOf(rig.publish())).toBe("HOOK_DENIED");
    await expect.poll(actions, { timeout: 10_000 }).toHaveLength(3);
    expect(actions()).toEqual(["on_connect", "on_publish", "on_close"]);
  });

  test("is told again what it failed to take, and not what it does not know", async () => {
    const publisher = await rig.publish();
    backEnd.received.length = 0;
    let failures = 1;
    backEnd.answer = () => (failures-- > 0 ? { status: 503 } : { status: 404 });
    publisher.close("CLIENT_STOPPED");
    await expect.poll(actions, { timeout: 20_000 }).toHaveLength(3);
    expect(actions()).toEqual(["on_unpublish", "on_unpublish", "on_close"]);
  });
});

test("where only ends are told, nobody decides", async () => {
  const only = new HookRig({ srs: { ...noSrs, stopUrls: [backEnd.url] } });
  expect([only.hooks.decides("play"), only.hooks.decides("publish")]).toEqual([false, false]);
  await only.publish();
  (await only.play()).close();
  await only.close();
  expect(actions()).toEqual(["on_stop"]);
});

test("events of our own tell the same sessions and bytes", async () => {
  const told: Record<string, unknown>[] = [];
  const own = new HookRig({
    functions: { onEvent: (event) => void told.push({ ...event }) },
    srs: { ...noSrs, publishUrls: [backEnd.url] },
  });
  const publisher = await own.publish();
  const viewer = await own.play();
  viewer.close("VIEWER_GONE");
  publisher.close("CLIENT_STOPPED");
  await own.close();
  expect(told.find(({ type }) => type === "play.ended")).toMatchObject({
    ...{ session: viewer.id, reason: "VIEWER_GONE", bytesSent: 7000, bytesReceived: 70 },
  });
  expect(told.find(({ type }) => type === "publish.ended")).toMatchObject({
    ...{ session: publisher.id, reason: "CLIENT_STOPPED", bytesReceived: 5000, bytesSent: 50 },
  });
  expect(bodies()[0]).toMatchObject({ client_id: publisher.id });
});
