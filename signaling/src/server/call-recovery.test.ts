import { beforeEach, describe, expect, test } from "vitest";
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

describe("a lost connection", () => {
  const lose = (client: RigClient): void => client.connection.close("lost");

  test("keeps its place; what was said meanwhile, and what did not arrive, is said again", async () => {
    const [alice, bob] = [rig.connect(), rig.connect()];
    const { call: a } = await alice.call();
    const { call: b, resume } = await bob.call();
    await alice.ask("call-description", { call: a, description: offer });
    await alice.ask("call-candidate", { call: a, candidate: line });
    lose(bob);
    await alice.ask("call-candidate", { call: a, candidate: null });
    rig.clock.advance(9_000);
    const back = rig.connect();
    expect(await back.ask("call-resume", { call: b, resume, received: 1 })).toEqual({
      ok: true,
      peers: 1,
    });
    expect(back.pushes).toEqual([
      { event: "call-candidate", message: { call: b, seq: 2, candidate: line } },
      { event: "call-candidate", message: { call: b, seq: 3, candidate: null } },
    ]);
    expect(alice.pushes).toHaveLength(1);
    await back.ask("call-description", { call: b, description: answer });
    expect(alice.pushes).toHaveLength(2);
    rig.clock.advance(60_000);
    expect([rig.rooms.size, rig.clock.timers]).toEqual([2, 0]);
  });

  test("gives its place up after the recovery time; the other is told", async () => {
    const { alice, bob, a } = await pair();
    lose(bob);
    rig.clock.advance(9_999);
    expect(alice.pushes).toEqual([]);
    rig.clock.advance(1);
    expect(alice.pushes).toEqual([
      { event: "call-peer", message: { call: a, seq: 2, present: false } },
    ]);
    expect(rig.rooms.size).toBe(1);
  });

  test("gives its place up at once for somebody who comes, such as the same user after a reload", async () => {
    const { alice, bob, a } = await pair();
    lose(bob);
    const reloaded = rig.connect();
    expect(await reloaded.call()).toMatchObject({ peers: 1, polite: true });
    expect(alice.pushes.map(({ message }) => message)).toEqual([
      { call: a, seq: 2, present: false },
      { call: a, seq: 3, present: true },
    ]);
  });

  test("of the only one in a room: whoever comes meanwhile is alone until that one is back", async () => {
    const alice = rig.connect();
    const { call: a, resume } = await alice.call();
    lose(alice);
    const bob = rig.connect();
    const { call: b, peers, polite } = await bob.call();
    expect({ peers, polite }).toEqual({ peers: 0, polite: true });
    const back = rig.connect();
    const resumed = await back.ask("call-resume", { call: a, resume, received: 0 });
    expect(resumed).toEqual({ ok: true, peers: 0 });
    expect(back.pushes).toEqual([
      { event: "call-peer", message: { call: a, seq: 1, present: true } },
    ]);
    expect(bob.pushes).toEqual([
      { event: "call-peer", message: { call: b, seq: 1, present: true } },
    ]);
  });

  test("of the only one who does not come back: the other is told nothing", async () => {
    const alice = rig.connect();
    await alice.call();
    lose(alice);
    const bob = rig.connect();
    await bob.call();
    rig.clock.advance(10_000);
    expect(bob.pushes).toEqual([]);
    expect(rig.rooms.size).toBe(1);
  });

  test("of both: each comes back to the other", async () => {
    const [alice, bob] = [rig.connect(), rig.connect()];
    const [a, b] = [await alice.call(), await bob.call()];
    lose(alice);
    lose(bob);
    const backs = [];
    for (const { call, resume } of [a, b]) {
      const back = rig.connect();
      backs.push(back);
      const reply = await back.ask("call-resume", { call, resume, received: 1 });
      expect(reply).toEqual({ ok: true, peers: 1 });
    }
    expect(backs.flatMap(({ pushes }) => pushes)).toEqual([]);
  });

  test("a wrong secret resumes nothing", async () => {
    const alice = rig.connect();
    const { call } = await alice.call();
    for (const resume of ["wrong", "x".repeat(22)]) {
      const reply = await rig.connect().ask("call-resume", { call, resume, received: 0 });
      expect(reply).toEqual(refusal("CALL_NOT_FOUND"));
    }
    expect(rig.rooms.size).toBe(1);
  });

  test("the client may be back before the server noticed: the dead connection's end harms nobody", async () => {
    const [alice, bob] = [rig.connect(), rig.connect()];
    const { call: a } = await alice.call();
    const { call, resume } = await bob.call();
    const back = rig.connect();
    await back.ask("call-resume", { call, resume, received: 0 });
    const dead = await bob.ask("call-candidate", { call, candidate: null });
    expect(dead).toEqual(refusal("CALL_NOT_FOUND"));
    lose(bob);
    rig.clock.advance(60_000);
    await alice.ask("call-candidate", { call: a, candidate: null });
    expect(back.pushes).toHaveLength(1);
    expect(bob.pushes).toEqual([]);
  });

  test("when more was said than is kept, the call is over", async () => {
    rig = new ConnectionRig({ maxCallBacklog: 1000 });
    const [alice, bob] = [rig.connect(), rig.connect()];
    const { call: a } = await alice.call();
    const { call: b, resume } = await bob.call();
    lose(bob);
    for (let n = 0; n < 6; n += 1) {
      await alice.ask("call-candidate", { call: a, candidate: line });
    }
    const reply = await rig.connect().ask("call-resume", { call: b, resume, received: 0 });
    expect(reply).toEqual(refusal("CALL_NOT_FOUND"));
    expect(alice.pushes.at(-1)?.message).toMatchObject({ present: false });
  });

  test("resuming counts against the connection's calls", async () => {
    rig = new ConnectionRig({ maxCallsPerSocket: 1 });
    const alice = rig.connect();
    const { call, resume } = await alice.call();
    const other = rig.connect();
    await other.call("other");
    const reply = await other.ask("call-resume", { call, resume, received: 0 });
    expect(reply).toEqual(refusal("CALLS_FULL"));
    expect(await alice.ask("call-resume", { call, resume, received: 0 })).toMatchObject({
      ok: true,
    });
  });

  test("a client that leaves gives its places up at once", async () => {
    const { alice, bob, a } = await pair();
    bob.connection.close("left");
    expect(alice.pushes).toEqual([
      { event: "call-peer", message: { call: a, seq: 2, present: false } },
    ]);
    alice.connection.close("left");
    expect([rig.rooms.size, rig.clock.timers]).toEqual([0, 0]);
  });
});
