import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RefusedError } from "../core/errors.ts";
import { type Answer, answerSdp, createRig, offerSdp, type Rig } from "./test-rig.ts";

const sdpType = { "Content-Type": "application/sdp" };
const streamurl = "webrtc://gw:1985/live/cam?token=T";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.close());

const call = (path: string, body: unknown): Promise<Answer> =>
  rig.ask("POST", path, {}, typeof body === "string" ? body : JSON.stringify(body));

describe.each([
  ["play", "whep", "watch"],
  ["publish", "whip", "publish"],
])("row 43: SRS's %s", (name, transport, action) => {
  const api = `/rtc/v1/${name}`;

  test.each([`${api}/`, api, `${api}/?eip=192.0.2.1`])("%s answers as SRS does", async (path) => {
    const body = { api: `http://gw${api}/`, clientip: "", tid: "abc", sdp: offerSdp, streamurl };
    const { status, headers, text } = await call(path, body);
    expect([status, headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(JSON.parse(text)).toEqual({
      code: 0,
      server: expect.stringMatching(/^vid-/),
      service: expect.any(String),
      pid: expect.any(String),
      sdp: answerSdp,
      sessionid: expect.any(String),
    });
    const { request } = rig.gateway.last;
    expect(request).toMatchObject({ action, stream: "live/cam", token: "T", transport });
    expect(rig.handler.sessions).toBe(1);
  });

  test.each([
    ["webrtc://gw/live/cam", "live/cam"],
    ["http://gw:8080/live/cam", "live/cam"],
    ["webrtc://gw/cam", "cam"],
    ["webrtc://gw/a/b/c?vhost=x", "a/b/c"],
    ["webrtc://gw/live/c%61m", "live/cam"],
  ])("%s is the stream %s", async (url, stream) => {
    await call(api, { sdp: offerSdp, streamurl: url });
    expect(rig.gateway.last.request).toMatchObject({ stream, token: undefined });
  });

  test.each([
    ["webrtc://gw/live/cam?secret=S", "", "S"],
    ["webrtc://gw/live/cam?secret=S&token=T", "", "T"],
    ["webrtc://gw/live/cam", "?secret=Q", "Q"],
    ["webrtc://gw/live/cam?token=T", "?token=Q", "Q"],
  ])("the token of %s and %s is %s", async (url, query, token) => {
    await call(`${api}/${query}`, { sdp: offerSdp, streamurl: url });
    expect(rig.gateway.last.request.token).toBe(token);
  });

  test.each<[string, unknown, string]>([
    ["no JSON", "garbage", "REQUEST_INVALID"],
    ["a list", "[]", "REQUEST_INVALID"],
    ["null", "null", "REQUEST_INVALID"],
    ["no sdp", { streamurl }, "REQUEST_INVALID"],
    ["no streamurl", { sdp: offerSdp }, "REQUEST_INVALID"],
    ["an sdp that is none", { sdp: "x", streamurl }, "SDP_INVALID"],
    ["an sdp that is too long", { sdp: offerSdp.padEnd(65_537), streamurl }, "BODY_TOO_LARGE"],
    ["a body that is too long", "x".repeat(131_073), "BODY_TOO_LARGE"],
    ["a streamurl that is none", { sdp: offerSdp, streamurl: "live/cam" }, "REQUEST_INVALID"],
    ["bad encoding", { sdp: offerSdp, streamurl: "webrtc://h/%" }, "REQUEST_INVALID"],
    ["no stream", { sdp: offerSdp, streamurl: "webrtc://h/" }, "STREAM_NAME_INVALID"],
  ])("%s is told in the body, with HTTP 200", async (_name, body, code) => {
    const { status, text } = await call(api, body);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ code: 400, data: { code } });
    expect(rig.handler.sessions).toBe(0);
  });

  test("a refusal by the gateway is told in the body too", async () => {
    rig.gateway.refusal = new RefusedError("STREAM_BUSY", 409, "No.");
    const { status, text } = await call(api, { sdp: offerSdp, streamurl });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      code: 400,
      data: { code: "STREAM_BUSY", message: "No." },
    });
  });
});

describe.each([
  ["/rtc/v1/whep/?app=live&stream=cam", "whep"],
  ["/rtc/v1/whep?app=live&stream=cam", "whep"],
  ["/rtc/v1/whip-play/?app=live&stream=cam", "whep"],
  ["/rtc/v1/whip/?app=live&stream=cam&action=play", "whep"],
  ["/rtc/v1/whip/?app=live&stream=cam", "whip"],
  ["/rtc/v1/whip?app=live&stream=cam", "whip"],
])("POST %s", (path, transport) => {
  test("opens a session of ours, which is ended at its Location", async () => {
    const { status, headers, text } = await rig.ask("POST", `${path}&token=T`, sdpType, offerSdp);
    expect([status, text]).toEqual([201, answerSdp]);
    expect(headers.get("content-type")).toBe("application/sdp");
    expect(headers.get("etag")).not.toBeNull();
    expect(rig.gateway.last.request).toMatchObject({ stream: "live/cam", token: "T", transport });
    const location = headers.get("location") ?? "";
    // OBS drops the query of a relative address.
    expect(location).toMatch(new RegExp(`^/${transport}/sessions/[\\w-]{22}$`));
    expect((await rig.ask("DELETE", location)).status).toBe(200);
    expect(rig.gateway.last.closeReason).toBe("CLIENT_LEFT");
    expect((await rig.ask("DELETE", location)).status).toBe(404);
  });

  test("its session can be ended in SRS's way too", async () => {
    const { headers } = await rig.ask("POST", path, sdpType, offerSdp);
    const id = (headers.get("location") ?? "").split("/").at(-1);
    const base = `${path}&action=${transport === "whep" ? "play" : "delete"}`;
    expect((await rig.ask("DELETE", `${base}&token=T&session=none`)).status).toBe(404);
    expect((await rig.ask("DELETE", base)).status).toBe(404);
    const { status } = await rig.ask("DELETE", `${base}&token=T&session=${id}`);
    expect([status, rig.handler.sessions]).toEqual([200, 0]);
  });

  test("takes the token as SRS's documents name it", async () => {
    await rig.ask("POST", `${path}&secret=S`, sdpType, offerSdp);
    expect(rig.gateway.last.request.token).toBe("S");
  });
});

test("a refusal of SRS's WHIP is a problem document, where SRS hangs up", async () => {
  rig.gateway.refusal = new RefusedError("UNAUTHORIZED", 401, "No.");
  const path = "/rtc/v1/whip/?app=live&stream=cam";
  const { status, code } = await rig.ask("POST", path, sdpType, offerSdp);
  expect([status, code]).toEqual([401, "UNAUTHORIZED"]);
});

test("a stream without app, and one without a name", async () => {
  await rig.ask("POST", "/rtc/v1/whip/?stream=cam", sdpType, offerSdp);
  expect(rig.gateway.last.request.stream).toBe("cam");
  const { status, code } = await rig.ask("POST", "/rtc/v1/whip/?app=live", sdpType, offerSdp);
  expect([status, code]).toEqual([400, "STREAM_NAME_INVALID"]);
});
