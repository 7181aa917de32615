import { beforeEach, describe, expect, test } from "vitest";
import { SignalingError } from "../session/index.ts";
import { ConnectionRig, type RigClient } from "./testing/index.ts";

let rig: ConnectionRig;
beforeEach(() => {
  rig = new ConnectionRig();
});

const refusal = (code: string): object => ({
  ok: false,
  error: { code, message: expect.any(String) },
});
const offer = { type: "offer", sdp: "v=0 not looked into" } as const;
const answer = { type: "answer", sdp: "v=0" } as const;
const line = { candidate: "candidate:1 1 udp 1 192.0.2.9 5 typ host", sdpMid: "0" };

/** Two in a room, and what each was pushed from then on. */
async function pair(): Promise<{
  readonly alice: RigClient;
  readonly bob: RigClient;
  readonly a: string;
  readonly b: string;
}> {
  const [alice, bob] = [rig.connect(), rig.connect()];
  const [{ call: a }, { call: b }] = [await alice.call(), await bob.call()];
  alice.pushes.length = 0;
  return { alice, bob, a, b };
}

describe("a room", () => {
  test("has two places; the first is told of the second, who is polite", async () => {
    const [alice, bob] = [rig.connect("T"), rig.connect()];
    expect(await alice.ask("call", { room: "a/b" })).toEqual({
      ok: true,
      call: expect.stringMatching(/^[\w-]{22}$/),
      resume: expect.stringMatching(/^[\w-]{22}$/),
      polite: false,
      iceServers: [{ urls: ["stun:192.0.2.1:3478"] }],
      peers: 0,
    });
    expect(rig.gateway.calls).toEqual([
      { room: "a/b", token: "T", address: "192.0.2.1", userAgent: "test" },
    ]);
    const reply = await bob.ask("call", { room: "a/b", token: "mine" });
    expect(reply).toMatchObject({ ok: true, polite: true, peers: 1 });
    expect(rig.gateway.calls[1]?.token).toBe("mine");
    expect(alice.pushes).toEqual([
      { event: "call-peer", message: { call: expect.any(String), seq: 1, present: true } },
    ]);
    expect(bob.pushes).toEqual([]);
    expect(await rig.connect().ask("call", { room: "a/b" })).toEqual(refusal("ROOM_FULL"));
    expect(await rig.connect().ask("call", { room: "a/c" })).toMatchObject({ ok: true });
  });

  test("always has one polite and one impolite, whoever goes and comes", async () => {
    const { alice, bob, a, b } = await pair();
    await alice.ask("hangup", { call: a });
    const carol = rig.connect();
    const third = await carol.call();
    expect(third).toMatchObject({ polite: false, peers: 1 });
    await bob.ask("hangup", { call: b });
    expect(await rig.connect().call()).toMatchObject({ polite: true, peers: 1 });
  });

  test("is gone with the last", async () => {
    const { alice, bob, a, b } = await pair();
    expect(rig.rooms.size).toBe(2);
    expect(await alice.ask("hangup", { call: a })).toEqual({ ok: true });
    expect(await alice.ask("hangup", { call: a })).toEqual({ ok: true });
    expect(bob.pushes).toEqual([
      { event: "call-peer", message: { call: b, seq: 1, present: false } },
    ]);
    await bob.ask("hangup", { call: b });
    expect([rig.rooms.size, rig.clock.timers]).toEqual([0, 0]);
    expect(await rig.connect().call()).toMatchObject({ polite: false, peers: 0 });
  });

  test("a name that is none is refused before anybody is asked", async () => {
    expect(await rig.connect().ask("call", { room: "a//b" })).toEqual(refusal("MESSAGE_INVALID"));
    expect(rig.gateway.calls).toEqual([]);
  });

  test("a server without calls says so", async () => {
    Object.assign(rig.gateway, { call: undefined });
    expect(await rig.connect().ask("call", { room: "r" })).toEqual(refusal("CALLS_UNSUPPORTED"));
  });

  test("the gateway's refusal is passed on and no place is taken", async () => {
    rig.gateway.refusal = new SignalingError("FORBIDDEN", "No.");
    const client = rig.connect();
    expect(await client.ask("call", { room: "r" })).toEqual(refusal("FORBIDDEN"));
    rig.gateway.refusal = undefined;
    expect(await client.call("r")).toMatchObject({ peers: 0 });
  });

  test("whoever left while the gateway was asked takes no place", async () => {
    const client = rig.connect();
    const reply = client.ask("call", { room: "r" });
    client.connection.close("left");
    expect(await reply).toEqual(refusal("SIGNALING_LOST"));
    expect(rig.rooms.size).toBe(0);
  });

  test("of three that come at once two get in", async () => {
    const clients = [1, 2, 3].map(() => rig.connect());
    const replies = await Promise.all(clients.map((client) => client.ask("call", { room: "r" })));
    expect(replies.map(({ ok }) => ok)).toEqual([true, true, false]);
  });
});

describe("what is said", () => {
  test("reaches the other as it is, in order, and nobody else", async () => {
    const { alice, bob, a, b } = await pair();
    const stranger = rig.connect();
    await stranger.call("elsewhere");
    for (const [event, said] of [
      ["call-description", { description: offer }],
      ["call-candidate", { candidate: line }],
      ["call-candidate", { candidate: null }],
    ] as const) {
      expect(await alice.ask(event, { call: a, ...said, secret: 1 })).toEqual({ ok: true });
    }
    await bob.ask("call-description", { call: b, description: answer });
    expect(bob.pushes).toEqual([
      { event: "call-description", message: { call: b, seq: 1, description: offer } },
      { event: "call-candidate", message: { call: b, seq: 2, candidate: line } },
      { event: "call-candidate", message: { call: b, seq: 3, candidate: null } },
    ]);
    expect(alice.pushes).toEqual([
      { event: "call-description", message: { call: a, seq: 2, description: answer } },
    ]);
    expect(stranger.pushes).toEqual([]);
    expect(rig.gateway.sessions).toEqual([]);
  });

  test("with a number that came before is acknowledged and not said again", async () => {
    const { alice, bob, a } = await pair();
    for (const seq of [1, 1, 2, 1, 2, 5]) {
      const said = { call: a, seq, candidate: line };
      expect(await alice.ask("call-candidate", said)).toEqual({ ok: true });
    }
    expect(bob.pushes).toHaveLength(3);
  });

  test("is refused while nobody is there", async () => {
    const alice = rig.connect();
    const { call } = await alice.call();
    const description = await alice.ask("call-description", { call, description: offer });
    expect(description).toEqual(refusal("PEER_ABSENT"));
    const candidate = await alice.ask("call-candidate", { call, candidate: null });
    expect(candidate).toEqual(refusal("PEER_ABSENT"));
  });

  test("in another's name is refused", async () => {
    const { bob, a } = await pair();
    for (const event of ["call-description", "call-candidate"]) {
      const said = { call: a, description: offer, candidate: null };
      expect(await bob.ask(event, said)).toEqual(refusal("CALL_NOT_FOUND"));
    }
    expect(await bob.ask("hangup", { call: a })).toEqual({ ok: true });
    expect(rig.rooms.size).toBe(2);
  });
});

describe("limits", () => {
  test("calls of one connection, those being opened included", async () => {
    rig = new ConnectionRig({ maxCallsPerSocket: 2 });
    const client = rig.connect();
    const rooms = ["a", "b", "c"];
    const replies = await Promise.all(rooms.map((room) => client.ask("call", { room })));
    expect(replies.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(replies[2]).toEqual(refusal("CALLS_FULL"));
    const [first] = replies;
    await client.ask("hangup", { call: first?.ok ? (first as { call?: string }).call : "" });
    expect(await client.ask("call", { room: "c" })).toMatchObject({ ok: true });
  });

  test("calls of one address, over all its connections, however they end", async () => {
    rig = new ConnectionRig({ maxCallsPerAddress: 2 });
    const first = rig.connect(undefined, "2001:db8::1");
    await first.call("a");
    await rig.connect(undefined, "2001:db8::2").call("b");
    const third = rig.connect(undefined, "2001:db8::3");
    expect(await third.ask("call", { room: "c" })).toEqual(refusal("CALLS_FULL"));
    await rig.connect(undefined, "2001:db8:1::1").call("c");
    first.connection.close("left");
    expect(await third.ask("call", { room: "d" })).toMatchObject({ ok: true });
  });

  test("calls in all", async () => {
    rig = new ConnectionRig({ maxCalls: 2 });
    await pair();
    expect(await rig.connect().ask("call", { room: "b" })).toEqual(refusal("CALLS_FULL"));
  });

  test("descriptions, and calls opened by one address", async () => {
    rig = new ConnectionRig({
      descriptions: { perSecond: 1, burst: 1 },
      opens: { perSecond: 1, burst: 2 },
    });
    const { alice, bob, a } = await pair();
    const say = (): Promise<object> =>
      alice.ask("call-description", { call: a, description: offer });
    expect([await say(), await say()]).toEqual([{ ok: true }, refusal("RATE_LIMITED")]);
    expect(bob.pushes).toHaveLength(1);
    expect(await rig.connect().ask("call", { room: "b" })).toEqual(refusal("RATE_LIMITED"));
  });
});

test("100 calls opened and ended leave nothing behind", async () => {
  for (let round = 0; round < 50; round += 1) {
    const { alice, bob, a, b } = await pair();
    await alice.ask("call-description", { call: a, description: offer });
    await bob.ask("hangup", { call: b });
    alice.connection.close(round % 2 === 0 ? "left" : "lost");
    bob.connection.close("lost");
    rig.clock.advance(10_000);
  }
  expect([rig.rooms.size, rig.clock.timers]).toEqual([0, 0]);
});
