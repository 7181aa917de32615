import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RefusedError } from "../core/errors.ts";
import { type Answer, answerSdp, createRig, offerSdp, type Rig } from "./test-rig.ts";

const sdpType = { "Content-Type": "application/sdp" };

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.close());

function publish(path = "/whip/live/cam", token?: string, offer = offerSdp): Promise<Answer> {
  const headers = token === undefined ? sdpType : { ...sdpType, Authorization: `Bearer ${token}` };
  return rig.ask("POST", path, headers, offer);
}

describe("RFC 9725 section 4.4.3: a publisher is taken whole or not at all", () => {
  test.each([
    ["recvonly", offerSdp.replace("sendrecv", "recvonly")],
    ["inactive", offerSdp.replace("sendrecv", "inactive")],
    ["two videos", `${offerSdp}m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n`],
    ["no media", "v=0\r\ns=-\r\n"],
  ])("an offer with %s is 422, and the gateway is not asked", async (_name, offer) => {
    const { status, code } = await publish(undefined, undefined, offer);
    expect([status, code]).toEqual([422, "SDP_UNSUPPORTED"]);
    expect([rig.gateway.sessions.length, rig.handler.sessions]).toEqual([0, 0]);
  });

  test("an answer without the picture is 422, and the session is closed", async () => {
    const open = rig.gateway.open.bind(rig.gateway);
    rig.gateway.open = async (request, observer) => {
      const session = await open(request, observer);
      session.answer = async () => answerSdp.replace("m=video 9", "m=video 0");
      return session;
    };
    const { status, code } = await publish();
    expect([status, code]).toEqual([422, "SDP_UNSUPPORTED"]);
    expect([rig.gateway.last.closeReason, rig.handler.sessions]).toEqual(["OFFER_REFUSED", 0]);
  });

  test("a viewer is shown what there is", async () => {
    expect((await publish("/whep/live/cam", undefined, "v=0\r\ns=-\r\n")).status).toBe(201);
  });
});

describe("cookies of the form login (row 9)", () => {
  const id = "AbCdEfGhIjKlMnOpQrSt-_";
  const Cookie = `millrace_pass=the-pass; millrace_client=${id}`;
  const open = (path: string, headers: Record<string, string> = {}) =>
    rig.ask("POST", path, { ...sdpType, Cookie, ...headers }, offerSdp);
  const shown = () => rig.gateway.last.request;

  test("count as a token to watch where there is none, and tell who comes back", async () => {
    for (const path of ["/whep/live/cam", "/rtc/v1/whep/?app=live&stream=cam"]) {
      expect((await open(path)).status).toBe(201);
      expect(shown()).toMatchObject({ token: "the-pass", clientId: id });
    }
    await open("/whep/live/cam?token=mine");
    expect(shown().token).toBe("mine");
    await open("/whep/live/cam", { Authorization: "Bearer mine" });
    expect(shown().token).toBe("mine");
  });

  test("never publish (CSRF)", async () => {
    for (const path of ["/whip/live/cam", "/rtc/v1/whip/?app=live&stream=cam"]) {
      expect((await open(path)).status).toBe(201);
      expect(shown()).toMatchObject({ action: "publish", token: undefined });
    }
  });

  test("do not count for pages of others", async () => {
    expect((await open("/whep/live/cam", { Origin: "https://evil.example" })).status).toBe(201);
    expect([shown().token, shown().clientId]).toEqual([undefined, undefined]);
  });
});

describe("a session belongs to its protocol", () => {
  test.each([
    ["whip", "whep"],
    ["whep", "whip"],
  ] as const)("%s's cannot be reached as %s's", async (own, other) => {
    const { path, etag } = await rig.join(own);
    const foreign = path.replace(own, other);
    for (const method of ["GET", "PATCH", "DELETE"]) {
      const { status, code } = await rig.ask(method, foreign, { "If-Match": etag });
      expect([method, status, code]).toEqual([method, 404, "SESSION_NOT_FOUND"]);
    }
    expect((await rig.ask("GET", path)).status).toBe(200);
  });
});

describe("an encoder that comes back while its old session still counts", () => {
  const isTakeOver = (): boolean | undefined => rig.gateway.last.request.takeOver;

  test("takes its stream over with the same token", async () => {
    await publish(undefined, "T");
    expect(isTakeOver()).toBe(false);
    await publish(undefined, "T");
    expect(isTakeOver()).toBe(true);
  });

  test("with the same token in the query, too, and by SRS's API", async () => {
    await publish("/whip/live/cam?token=T");
    await publish("/rtc/v1/whip/?app=live&stream=cam&secret=T");
    expect(isTakeOver()).toBe(true);
  });

  test.each([
    ["another token", "/whip/live/cam", "U"],
    ["no token", "/whip/live/cam", undefined],
    ["another stream", "/whip/live/other", "T"],
    ["takeover=0", "/whip/live/cam?takeover=0", "T"],
    ["takeover=false", "/whip/live/cam?takeover=false", "T"],
  ])("does not with %s", async (_name, path, token) => {
    await publish(undefined, "T");
    await publish(path, token);
    expect(isTakeOver()).toBe(false);
  });

  test("does not when it only watches", async () => {
    await publish(undefined, "T");
    await publish("/whep/live/cam?takeover=1", "T");
    expect(rig.gateway.last.request).not.toHaveProperty("takeOver");
  });

  test.each(["1", "true"])("takeover=%s takes over whoever publishes", async (value) => {
    await publish(`/whip/live/cam?takeover=${value}`);
    expect(isTakeOver()).toBe(true);
  });

  test("takeover in an SRS streamurl counts, after the address of the request", async () => {
    const streamurl = "webrtc://gw/live/cam?takeover=1";
    const body = JSON.stringify({ sdp: offerSdp, streamurl });
    await rig.ask("POST", "/rtc/v1/publish/", {}, body);
    expect(isTakeOver()).toBe(true);
    await rig.ask("POST", "/rtc/v1/publish/?takeover=0", {}, body);
    expect(isTakeOver()).toBe(false);
  });

  test.each(["", "yes"])("takeover=%s is refused", async (value) => {
    const { status, code } = await publish(`/whip/live/cam?takeover=${value}`);
    expect([status, code]).toEqual([400, "REQUEST_INVALID"]);
  });

  test("the old session learns that it is over; the new one lives", async () => {
    const old = (await publish(undefined, "T")).headers.get("location") ?? "";
    const first = rig.gateway.last;
    const next = (await publish(undefined, "T")).headers.get("location") ?? "";
    first.observer.bye("TAKEN_OVER");
    expect((await rig.ask("GET", old)).status).toBe(404);
    expect((await rig.ask("GET", next)).status).toBe(200);
    expect([rig.handler.sessions, rig.handler.publishing]).toEqual([1, 1]);
  });

  test("a refused attempt leaves the old session its stream", async () => {
    const old = (await publish(undefined, "T")).headers.get("location") ?? "";
    rig.gateway.refusal = new RefusedError("STREAM_BUSY", 409, "No.");
    const { status, code } = await publish(undefined, "T");
    expect([status, code]).toEqual([409, "STREAM_BUSY"]);
    expect((await rig.ask("GET", old)).status).toBe(200);
    rig.gateway.refusal = undefined;
    await publish(undefined, "T");
    expect(isTakeOver()).toBe(true);
  });

  test("attempts under way do not count: what they would push aside is somebody else's", async () => {
    let proceed = (): void => {};
    rig.gateway.delay = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    const both = [publish(undefined, "T"), publish(undefined, "T")];
    while (rig.handler.sessions < 2) await new Promise((resolve) => setImmediate(resolve));
    proceed();
    await Promise.all(both);
    expect(rig.gateway.sessions.map(({ request }) => request.takeOver)).toEqual([false, false]);
  });

  test("two encoders with one token do not push each other aside all the time", async () => {
    await publish(undefined, "T");
    await publish(undefined, "T");
    await publish(undefined, "T");
    expect(isTakeOver()).toBe(false);
    rig.clock.advance(60_000);
    await publish(undefined, "T");
    expect(isTakeOver()).toBe(true);
  });
});

test("100 publishers opened and ended leave nothing behind", async () => {
  for (let n = 0; n < 100; n += 1) {
    const { headers } = await publish(`/whip/live/cam${n % 7}`, "T");
    await rig.ask("DELETE", headers.get("location") ?? "");
  }
  expect([rig.handler.sessions, rig.handler.publishing, rig.clock.timers]).toEqual([0, 0, 0]);
});
