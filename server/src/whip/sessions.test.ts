import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProtocolError, RefusedError } from "../core/errors.ts";
import { answerSdp, createRig, offerSdp, type Rig } from "./test-rig.ts";

const sdpType = { "Content-Type": "application/sdp" };
const fragmentType = "application/trickle-ice-sdpfrag";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.close());

describe.each(["whip", "whep"] as const)("%s", (protocol) => {
  const endpoint = `/${protocol}/live/cam`;

  test("answers 201 with all that a client needs", async () => {
    rig.gateway.iceServers = [
      { urls: ["stun:192.0.2.1:3478"] },
      { urls: ["turn:192.0.2.1:3478?transport=udp"], username: "u", credential: "c" },
    ];
    const { status, headers, text } = await rig.ask(
      "POST",
      endpoint,
      { ...sdpType, Authorization: "Bearer T", "User-Agent": "test" },
      offerSdp,
    );
    expect(status).toBe(201);
    expect(text).toBe(answerSdp);
    expect(headers.get("content-type")).toBe("application/sdp");
    expect(headers.get("location")).toMatch(new RegExp(`^/${protocol}/sessions/[\\w-]{22}$`));
    expect(headers.get("etag")).toMatch(/^"[\w-]+"$/);
    expect(headers.get("accept-patch")).toBe(fragmentType);
    expect(headers.get("link")).toBe(
      '<stun:192.0.2.1:3478>; rel="ice-server", <turn:192.0.2.1:3478?transport=udp>; rel="ice-server"; username="u"; credential="c"; credential-type="password"',
    );
    expect(headers.get("location")).not.toContain(rig.gateway.last.id);
    expect(rig.gateway.last.request).toEqual({
      host: expect.stringMatching(/^127/),
      action: protocol === "whip" ? "publish" : "watch",
      stream: "live/cam",
      token: "T",
      address: "127.0.0.1",
      transport: protocol,
      userAgent: "test",
      ...(protocol === "whip" ? { takeOver: false } : {}),
    });
    expect(rig.handler.sessions).toBe(1);
  });

  test.each([
    [{ Authorization: "bearer T" }, "", "T"],
    [{ Authorization: "Bearer T" }, "?token=Q", "T"],
    [{}, "?x=1&token=Q%20q", "Q q"],
    [{ Authorization: "Basic T" }, "", undefined],
    [{}, "", undefined],
  ])("shows the token of %j and %j as %s", async (headers, query, token) => {
    await rig.ask("POST", `${endpoint}${query}`, { ...sdpType, ...headers }, offerSdp);
    expect(rig.gateway.last.request.token).toBe(token);
  });

  test.each([
    ["application/json", 415],
    ["", 415],
    ["application/sdp; charset=utf-8", 201],
    ["Application/SDP", 201],
  ])("takes %s with %s", async (type, expected) => {
    const { status, headers, code } = await rig.ask(
      "POST",
      endpoint,
      { "Content-Type": type },
      offerSdp,
    );
    expect(status).toBe(expected);
    if (expected === 415) {
      expect([headers.get("accept-post"), code]).toEqual([
        "application/sdp",
        "CONTENT_TYPE_UNSUPPORTED",
      ]);
    }
  });

  test("does not take compressed bodies", async () => {
    const headers = { ...sdpType, "Content-Encoding": "gzip" };
    const { status, code } = await rig.ask("POST", endpoint, headers, offerSdp);
    expect([status, code]).toEqual([415, "ENCODING_UNSUPPORTED"]);
  });

  test.each([
    ["/", 400],
    ["/live//cam", 400],
    ["/live/cam/", 400],
    ["/a/b/c/d", 400],
    [`/${"a".repeat(129)}`, 400],
    ["/live/%2e%2e", 400],
    ["/live/c%20m", 400],
    ["/live/%", 400],
    ["/live%2Fcam", 201],
    [`/${"a".repeat(128)}`, 201],
  ])("%s is answered %s", async (path, expected) => {
    const { status } = await rig.ask("POST", `/${protocol}${path}`, sdpType, offerSdp);
    expect(status).toBe(expected);
  });

  test.each(["", "garbage", '{"sdp":"v=0"}'])("a body of %j is no offer", async (body) => {
    const { status, code } = await rig.ask("POST", endpoint, sdpType, body);
    expect([status, code]).toEqual([400, "SDP_INVALID"]);
    expect(rig.gateway.sessions).toHaveLength(0);
  });

  test("the largest offer is taken, one byte more is refused, and the connection goes on", async () => {
    const offer = offerSdp.padEnd(65_536, "x");
    expect((await rig.ask("POST", endpoint, sdpType, offer)).status).toBe(201);
    const { status, code } = await rig.ask("POST", endpoint, sdpType, `${offer}x`);
    expect([status, code]).toEqual([413, "BODY_TOO_LARGE"]);
  });

  test("an offer that claims to be huge is refused unread", async () => {
    const head = `POST ${endpoint} HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 999999999\r\n\r\n`;
    expect(await rig.raw([head], /BODY_TOO_LARGE/)).toMatch(/^HTTP\/1.1 413 .*Connection: close/s);
  });

  test("an offer that never ends is refused in time", async () => {
    const head = `POST ${endpoint} HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 100\r\n\r\nv=0`;
    const answer = rig.raw([head], /BODY_TIMEOUT/);
    while (rig.clock.timers === 0) await new Promise((resolve) => setImmediate(resolve));
    rig.clock.advance(10_000);
    expect(await answer).toMatch(/^HTTP\/1.1 408 /);
  });

  test.each([
    [new RefusedError("STREAM_NOT_FOUND", 404, "No."), 404, { "retry-after": "2" }],
    [
      new RefusedError("UNAUTHORIZED", 401, "No."),
      401,
      { "www-authenticate": 'Bearer realm="millrace"' },
    ],
    [new RefusedError("FORBIDDEN", 403, "No."), 403, {}],
    [new RefusedError("STREAM_BUSY", 409, "No."), 409, {}],
    [new RefusedError("VIEWERS_FULL", 503, "No."), 503, { "retry-after": "2" }],
    [new RefusedError("NO_TRANSCODER", 501, "No."), 501, {}],
    [new ProtocolError("SDP_INVALID", "No."), 400, {}],
    [new ProtocolError("SDP_UNSUPPORTED", "No."), 422, {}],
  ])("%s is a problem document with status %s", async (refusal, expected, headers) => {
    rig.gateway.refusal = refusal;
    const answer = await rig.ask("POST", endpoint, sdpType, offerSdp);
    expect(answer.status).toBe(expected);
    expect(JSON.parse(answer.text)).toEqual({
      type: "about:blank",
      title: expect.any(String),
      status: expected,
      detail: "No.",
      code: refusal.code,
    });
    for (const [name, value] of Object.entries(headers)) {
      expect(answer.headers.get(name)).toBe(value);
    }
    expect(rig.handler.sessions).toBe(0);
  });

  test("of a bug the client learns nothing, the log everything", async () => {
    rig.gateway.refusal = new Error("secret details");
    const { status, text } = await rig.ask("POST", endpoint, sdpType, offerSdp);
    expect(status).toBe(500);
    expect(text).not.toContain("secret");
  });

  test("an offer that is refused leaves no session", async () => {
    const open = rig.gateway.open.bind(rig.gateway);
    rig.gateway.open = async (request, observer) => {
      const session = await open(request, observer);
      session.answer = () => Promise.reject(new ProtocolError("SDP_UNSUPPORTED", "No H.264."));
      return session;
    };
    const { status } = await rig.ask("POST", endpoint, sdpType, offerSdp);
    expect(status).toBe(422);
    expect([rig.gateway.last.closeReason, rig.handler.sessions]).toEqual(["OFFER_REFUSED", 0]);
  });

  test("a session that ends while it is opened is refused with its reason", async () => {
    const open = rig.gateway.open.bind(rig.gateway);
    rig.gateway.open = async (request, observer) => {
      const session = await open(request, observer);
      session.answer = async () => {
        observer.bye("STREAM_ENDED");
        return answerSdp;
      };
      return session;
    };
    const { status, code } = await rig.ask("POST", endpoint, sdpType, offerSdp);
    expect([status, code]).toEqual([503, "STREAM_ENDED"]);
    expect(rig.gateway.last.closeReason).toBe("STREAM_ENDED");
  });

  test("a client that hangs up before the answer leaves no session", async () => {
    let proceed = (): void => {};
    rig.gateway.delay = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    const abort = new AbortController();
    const request = fetch(`${rig.url}${endpoint}`, {
      method: "POST",
      headers: sdpType,
      body: offerSdp,
      signal: abort.signal,
    });
    while (rig.handler.sessions === 0) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    await expect(request).rejects.toThrow();
    while (rig.openConnections() > 0) await new Promise((resolve) => setImmediate(resolve));
    proceed();
    while (rig.gateway.sessions.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await rig.gateway.last.closed).toBe("CLIENT_GONE");
    expect(rig.handler.sessions).toBe(0);
  });
});

describe.each(["whip", "whep"] as const)("%s: DELETE and the end", (protocol) => {
  test("ends the session with 200, whatever If-Match says; then it is gone", async () => {
    const { path } = await rig.join(protocol);
    const { status, text } = await rig.ask("DELETE", path, { "If-Match": '"stale"' });
    expect([status, text]).toEqual([200, ""]);
    expect([rig.gateway.last.closeReason, rig.handler.sessions]).toEqual(["CLIENT_LEFT", 0]);
    for (const method of ["DELETE", "GET", "PATCH"]) {
      const again = await rig.ask(method, path);
      expect([again.status, again.code]).toEqual([404, "SESSION_NOT_FOUND"]);
    }
  });

  test("when the gateway says bye, the session is gone", async () => {
    const { path } = await rig.join(protocol);
    rig.gateway.last.observer.bye("PEER_TIMEOUT");
    rig.gateway.last.observer.bye("PEER_TIMEOUT");
    expect((await rig.ask("GET", path)).status).toBe(404);
    expect([rig.handler.sessions, rig.gateway.last.closeReason]).toEqual([0, undefined]);
  });

  test("close ends all sessions and refuses new ones", async () => {
    await rig.join(protocol);
    await rig.join(protocol);
    rig.handler.close("DRAINING");
    rig.handler.close();
    expect(rig.gateway.sessions.map(({ closeReason }) => closeReason)).toEqual([
      "DRAINING",
      "DRAINING",
    ]);
    const { status, code } = await rig.ask("POST", `/${protocol}/live/cam`, sdpType, offerSdp);
    expect([status, code, rig.handler.sessions]).toEqual([503, "SERVER_CLOSING", 0]);
  });

  test("100 sessions opened and ended leave nothing behind", async () => {
    for (let n = 0; n < 100; n += 1) await rig.ask("DELETE", (await rig.join(protocol)).path);
    expect([rig.handler.sessions, rig.clock.timers]).toEqual([0, 0]);
    expect(rig.gateway.sessions.every(({ closeReason }) => closeReason === "CLIENT_LEFT")).toBe(
      true,
    );
  });
});

describe("limits", () => {
  test("sessions, those being opened included", async () => {
    await rig.close();
    rig = await createRig({ limits: { maxSessions: 2 } });
    const statuses = await Promise.all(
      [1, 2, 3].map(() => rig.ask("POST", "/whep/live/cam", sdpType, offerSdp)),
    );
    expect(statuses.map(({ status }) => status).sort()).toEqual([201, 201, 503]);
    const [first] = rig.gateway.sessions;
    first?.observer.bye("DONE");
    expect((await rig.ask("POST", "/whep/live/cam", sdpType, offerSdp)).status).toBe(201);
  });

  test("joins of one address", async () => {
    await rig.close();
    rig = await createRig({
      limits: { joins: { perSecond: 0.5, burst: 1 } },
      trustProxy: ["loopback"],
    });
    const from = (address: string): Promise<{ status: number; headers: Headers }> =>
      rig.ask("POST", "/whep/live/cam", { ...sdpType, "X-Forwarded-For": address }, offerSdp);
    expect((await from("192.0.2.1")).status).toBe(201);
    const refused = await from("192.0.2.1");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    expect((await from("192.0.2.2")).status).toBe(201);
    rig.clock.advance(2000);
    expect((await from("192.0.2.1")).status).toBe(201);
    expect(rig.gateway.last.request.address).toBe("192.0.2.1");
  });

  test("requests of one address, also for sessions that do not exist", async () => {
    await rig.close();
    rig = await createRig({ limits: { requests: { perSecond: 1, burst: 2 } } });
    const statuses: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      statuses.push((await rig.ask("DELETE", "/whep/sessions/none")).status);
    }
    expect(statuses).toEqual([404, 404, 429]);
    expect((await rig.ask("GET", "/whep/sessions/none")).status).toBe(404);
  });

  test("the longest token is taken, one character more is refused", async () => {
    const token = "t".repeat(4096);
    const join = (shown: string) =>
      rig.ask("POST", "/whep/live/cam", { ...sdpType, Authorization: `Bearer ${shown}` }, offerSdp);
    expect((await join(token)).status).toBe(201);
    const refused = await join(`${token}t`);
    expect([refused.status, refused.code]).toEqual([400, "TOKEN_TOO_LONG"]);
  });
});
