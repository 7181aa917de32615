import { beforeEach, describe, expect, test } from "vitest";
import { SignalingError } from "../session/index.ts";
import { liveStatus } from "../session/testing/index.ts";
import { ConnectionRig, offerTo } from "./testing/index.ts";

let rig: ConnectionRig;
beforeEach(() => {
  rig = new ConnectionRig();
});

const refusal = (code: string): object => ({
  ok: false,
  error: { code, message: expect.any(String) },
});

describe("watch", () => {
  test("asks the gateway and gives session, ICE servers and status", async () => {
    const client = rig.connect("handshake token");
    expect(await client.ask("watch", { stream: "live/cam" })).toEqual({
      ok: true,
      session: "session-1",
      resume: expect.stringMatching(/^[\w-]{22}$/),
      iceServers: rig.gateway.last.iceServers,
      stream: liveStatus("live/cam"),
    });
    expect(rig.gateway.last.request).toEqual({
      action: "watch",
      stream: "live/cam",
      token: "handshake token",
      address: "192.0.2.1",
      transport: "webrtc",
      userAgent: "test",
    });
  });

  test("the message's token goes before the handshake's", async () => {
    await rig.connect("old").ask("publish", { stream: "live/cam", token: "new" });
    expect(rig.gateway.last.request).toMatchObject({ action: "publish", token: "new" });
  });

  test("the gateway's refusal is passed on, a bug is not", async () => {
    const client = rig.connect();
    rig.gateway.refusal = new SignalingError("STREAM_NOT_FOUND", "There is no such stream.");
    expect(await client.ask("watch", { stream: "live/no" })).toEqual(refusal("STREAM_NOT_FOUND"));
    rig.gateway.refusal = new Error("secret details");
    expect(await client.ask("watch", { stream: "live/no" })).toEqual({
      ok: false,
      error: { code: "INTERNAL_ERROR", message: "The server failed." },
    });
    expect(rig.book.size).toBe(0);
  });

  test("at most as many sessions as allowed, those being opened included", async () => {
    rig = new ConnectionRig({ maxSessionsPerSocket: 2 });
    const client = rig.connect();
    const replies = await Promise.all([1, 2, 3].map(() => client.ask("watch", { stream: "s" })));
    expect(replies.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(replies[2]).toEqual(refusal("SESSIONS_FULL"));
    await client.ask("leave", { session: "session-1" });
    expect(await client.ask("watch", { stream: "s" })).toMatchObject({ ok: true });
  });

  test("a session that ends while it is opened is refused with the reason and closed", async () => {
    const client = rig.connect();
    let open = (): void => {};
    rig.gateway.delay = new Promise((resolve) => {
      open = resolve;
    });
    const original = rig.gateway.open.bind(rig.gateway);
    rig.gateway.open = async (request, observer) => {
      const session = await original(request, observer);
      observer.bye("STREAM_ENDED");
      return session;
    };
    const reply = client.ask("watch", { stream: "s" });
    open();
    expect(await reply).toEqual(refusal("STREAM_ENDED"));
    expect(rig.gateway.last.closeReason).toBe("STREAM_ENDED");
    expect(rig.book.size).toBe(0);
  });

  test("a session whose client left while it was opened is closed at once", async () => {
    const client = rig.connect();
    const reply = client.ask("watch", { stream: "s" });
    client.connection.close("lost");
    expect(await reply).toEqual(refusal("SIGNALING_LOST"));
    expect(await rig.gateway.last.closed).toBe("SIGNALING_LOST");
    expect(rig.book.size).toBe(0);
  });

  test("new sessions of one address are limited over all its connections", async () => {
    rig = new ConnectionRig({ opens: { perSecond: 1, burst: 2 } });
    expect(await rig.connect().ask("watch", { stream: "s" })).toMatchObject({ ok: true });
    expect(await rig.connect().ask("watch", { stream: "s" })).toMatchObject({ ok: true });
    expect(await rig.connect().ask("watch", { stream: "s" })).toEqual(refusal("RATE_LIMITED"));
    const elsewhere = rig.connect(undefined, "192.0.2.2");
    expect(await elsewhere.ask("watch", { stream: "s" })).toMatchObject({ ok: true });
    rig.clock.advance(1000);
    expect(await rig.connect().ask("watch", { stream: "s" })).toMatchObject({ ok: true });
  });
});

describe("description and candidate", () => {
  test("an offer is acknowledged with the answer", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    expect(await client.ask("description", offerTo(session))).toEqual({
      ok: true,
      description: { type: "answer", sdp: "answer:offer" },
    });
  });

  test("candidates before the offer reach the gateway after it, in order", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    for (const line of ["a=candidate:1", "candidate:2"]) {
      await client.ask("candidate", { session, candidate: { candidate: line } });
    }
    expect(rig.gateway.last.candidates).toEqual([]);
    await client.ask("description", offerTo(session));
    await client.ask("candidate", { session, candidate: { candidate: "candidate:3" } });
    await client.ask("candidate", { session, candidate: { candidate: "" } });
    await client.ask("candidate", { session, candidate: null });
    expect(rig.gateway.last.candidates).toEqual([
      "candidate:1",
      "candidate:2",
      "candidate:3",
      null,
      null,
    ]);
  });

  test("candidates without an offer are limited", async () => {
    rig = new ConnectionRig({ maxCandidates: 1 });
    const client = rig.connect();
    const { session } = await client.watch();
    const send = (): Promise<object> =>
      client.ask("candidate", { session, candidate: { candidate: "candidate:1" } });
    expect(await send()).toEqual({ ok: true });
    expect(await send()).toEqual(refusal("CANDIDATES_FULL"));
  });

  test("the same offer again gets the same answer without another negotiation", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    const replies = await Promise.all([
      client.ask("description", offerTo(session)),
      client.ask("description", offerTo(session)),
    ]);
    expect(replies[1]).toEqual(replies[0]);
    expect(rig.gateway.last.offers).toEqual(["offer"]);
    await client.ask("description", offerTo(session, "second"));
    expect(rig.gateway.last.offers).toEqual(["offer", "second"]);
  });

  test("a refused offer leaves the session ready for the next", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    rig.gateway.last.answer = () => Promise.reject(new SignalingError("SDP_INVALID", "No."));
    expect(await client.ask("description", offerTo(session))).toEqual(refusal("SDP_INVALID"));
    rig.gateway.last.answer = () => Promise.resolve("fine");
    expect(await client.ask("description", offerTo(session))).toMatchObject({ ok: true });
  });

  test("an answer that nobody asked for is out of order", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    const answer = { session, description: { type: "answer", sdp: "x" } };
    expect(await client.ask("description", answer)).toEqual(refusal("NEGOTIATION_ORDER"));
  });

  test("descriptions are limited", async () => {
    rig = new ConnectionRig({ descriptions: { perSecond: 1, burst: 1 } });
    const client = rig.connect();
    const { session } = await client.watch();
    expect(await client.ask("description", offerTo(session))).toMatchObject({ ok: true });
    expect(await client.ask("description", offerTo(session, "b"))).toEqual(refusal("RATE_LIMITED"));
    rig.clock.advance(1000);
    expect(await client.ask("description", offerTo(session, "b"))).toMatchObject({ ok: true });
  });

  test("another connection's session is not found", async () => {
    const { session } = await rig.connect().watch();
    const other = rig.connect();
    expect(await other.ask("description", offerTo(session))).toEqual(refusal("SESSION_NOT_FOUND"));
    expect(await other.ask("leave", { session })).toEqual({ ok: true });
    expect(rig.gateway.last.closeReason).toBeUndefined();
  });
});

describe("the end of a session", () => {
  test("leave closes it; leaving again is no error; nothing is described any more", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    expect(await client.ask("leave", { session })).toEqual({ ok: true });
    expect(await client.ask("leave", { session })).toEqual({ ok: true });
    expect(rig.gateway.last.closeReason).toBe("LEFT");
    expect(await client.ask("description", offerTo(session))).toEqual(refusal("SESSION_NOT_FOUND"));
    rig.gateway.last.observer.bye("LATE");
    expect(client.pushes).toEqual([]);
    expect(rig.book.size).toBe(0);
  });

  test("the gateway's bye is pushed once and ends it", async () => {
    const client = rig.connect();
    const { session } = await client.watch();
    rig.gateway.last.observer.bye("PEER_TIMEOUT");
    rig.gateway.last.observer.bye("PEER_TIMEOUT");
    expect(client.pushes).toEqual([{ event: "bye", message: { session, reason: "PEER_TIMEOUT" } }]);
    expect(await client.ask("description", offerTo(session))).toEqual(refusal("SESSION_NOT_FOUND"));
    rig.clock.advance(10_000);
    expect([rig.book.size, rig.clock.timers]).toEqual([0, 0]);
  });

  test("a bye that may have been lost with its connection is told to whom resumes", async () => {
    const first = rig.connect();
    const { session, resume } = await first.watch();
    rig.gateway.last.observer.bye("PEER_TIMEOUT");
    first.connection.close("lost");
    expect(await rig.connect().ask("resume", { session, resume })).toEqual(refusal("PEER_TIMEOUT"));
  });

  test("a client that leaves ends its sessions at once", async () => {
    const client = rig.connect();
    await client.watch();
    client.connection.close("left");
    expect(rig.gateway.last.closeReason).toBe("LEFT");
    expect([rig.book.size, rig.clock.timers]).toEqual([0, 0]);
  });
});

describe("messages", () => {
  test.each<[string, unknown, string]>([
    ["watch", { stream: 1 }, "MESSAGE_INVALID"],
    ["watch", undefined, "MESSAGE_INVALID"],
    ["watch", null, "MESSAGE_INVALID"],
    ["description", "text", "MESSAGE_INVALID"],
    ["candidate", { session: "s", candidate: new Uint8Array(3) }, "MESSAGE_INVALID"],
    ["nonsense", {}, "MESSAGE_UNKNOWN"],
    ["__proto__", {}, "MESSAGE_UNKNOWN"],
    ["constructor", {}, "MESSAGE_UNKNOWN"],
  ])("%s with %j is %s", async (event, message, code) => {
    const client = rig.connect();
    const reply = await new Promise((resolve) =>
      client.connection.receive(event, message, resolve),
    );
    expect(reply).toEqual(refusal(code));
  });

  test("clock tells the server's wall clock", async () => {
    rig.clock.advance(1.5);
    expect(await rig.connect().ask("clock")).toEqual({
      ok: true,
      receivedMs: 1_700_000_000_001.5,
      sentMs: 1_700_000_000_001.5,
    });
  });

  test("too many are refused, and who goes on regardless is cut off", async () => {
    rig = new ConnectionRig({
      messages: { perSecond: 10, burst: 5 },
      refusals: { perSecond: 1, burst: 3 },
    });
    const client = rig.connect();
    for (let n = 0; n < 5; n += 1) expect(await client.ask("clock")).toMatchObject({ ok: true });
    expect(await client.ask("clock")).toEqual(refusal("RATE_LIMITED"));
    rig.clock.advance(100);
    expect(await client.ask("clock")).toMatchObject({ ok: true });
    for (let n = 0; n < 2; n += 1) await client.ask("clock");
    expect(client.disconnected()).toBe(false);
    await client.ask("clock");
    expect(client.disconnected()).toBe(true);
  });

  test("nothing is answered after the end", () => {
    const client = rig.connect();
    client.connection.close("lost");
    client.connection.close("left");
    client.connection.receive("clock", {}, () => expect.fail("answered"));
  });
});
