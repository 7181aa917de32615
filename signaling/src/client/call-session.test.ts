import { afterEach, describe, expect, test, vi } from "vitest";
import type { SignalingOptions } from "../server/index.ts";
import { type ServedSignaling, serveSignaling } from "../server/testing/index.ts";
import { type CallSession, SignalingClient } from "./index.ts";
import { FakePeer } from "./testing/index.ts";

/** Over real sockets, on a machine that may be busy. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 4000 });

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(options: SignalingOptions = {}): Promise<ServedSignaling> {
  const served = await serveSignaling(options);
  closers.push(() => served.close());
  return served;
}

function client(url: string): SignalingClient {
  const made = new SignalingClient({
    url,
    reconnectMinMs: 20,
    reconnectMaxMs: 100,
    transports: ["websocket"],
    clockIntervalMs: 0,
  });
  closers.push(() => made.close());
  return made;
}

interface Side {
  readonly client: SignalingClient;
  readonly call: CallSession;
  readonly pc: FakePeer;
  readonly heard: string[];
  readonly errors: unknown[];
}

/** Somebody in a room, whose peer connection writes into the trace. */
async function join(url: string, name: string, trace: string[]): Promise<Side> {
  const made = client(url);
  const call = await made.call("room/1");
  const pc = new FakePeer(name, trace);
  const heard: string[] = [];
  const errors: unknown[] = [];
  call.on("peer", ({ present }) => void heard.push(present ? "came" : "went"));
  call.on("bye", ({ reason }) => void heard.push(reason));
  const side = { client: made, call, pc, heard, errors };
  connect(side, pc);
  return side;
}

function connect({ call, errors }: Side, pc: FakePeer): void {
  call.connect(pc, { failed: (error) => void errors.push(error) });
}

const exchange = [
  "Alice createOffer",
  "Alice setLocal offer",
  "Bob setRemote offer",
  "Bob createAnswer",
  "Bob setLocal answer",
  "Alice setRemote answer",
];

/** The same, begun by Bob. */
const swapped = exchange.map((step) =>
  step.replace(/Alice|Bob/, (name) => (name === "Bob" ? "Alice" : "Bob")),
);

const traced = (trace: string[], steps: readonly string[]): Promise<void> =>
  eventually(() => expect(trace).toEqual(steps));

describe("two in a room", () => {
  test("row 46: the first offers as soon as the second is there, in JSEP's order; candidates pass", async () => {
    const { url, gateway } = await serve();
    const trace: string[] = [];
    const alice = await join(url, "Alice", trace);
    alice.pc.need();
    expect([alice.call.polite, alice.call.isPeerPresent]).toEqual([false, false]);
    expect(trace).toEqual([]);
    const bob = await join(url, "Bob", trace);
    expect([bob.call.polite, bob.call.isPeerPresent]).toEqual([true, true]);
    expect(bob.call.iceServers).toEqual(gateway.iceServers("any"));
    await traced(trace, exchange);
    alice.pc.gather({ candidate: "of Alice", sdpMid: "0" });
    bob.pc.gather({ candidate: "of Bob", sdpMid: "0" });
    bob.pc.gather(null);
    await eventually(() => expect(alice.pc.added).toEqual(["of Bob", null]));
    await eventually(() => expect(bob.pc.added).toEqual(["of Alice"]));
    bob.pc.need();
    await traced(trace, [...exchange, ...swapped]);
    expect([alice.errors, bob.errors, gateway.sessions]).toEqual([[], [], []]);
  });

  test("both offer at once: the polite one gives way, both end stable", async () => {
    const { url } = await serve();
    const trace: string[] = [];
    const alice = await join(url, "Alice", trace);
    const bob = await join(url, "Bob", trace);
    await traced(trace, exchange);
    alice.pc.need();
    bob.pc.need();
    await eventually(() =>
      expect(trace.filter((step) => step === "Bob createAnswer")).toHaveLength(2),
    );
    await eventually(() => expect([alice.pc.state, bob.pc.state]).toEqual(["stable", "stable"]));
    expect(trace).not.toContain("Alice createAnswer");
    expect([alice.errors, bob.errors]).toEqual([[], []]);
  });

  test("what is said before there is a peer connection waits for it", async () => {
    const { url } = await serve();
    const trace: string[] = [];
    const alice = await join(url, "Alice", trace);
    const bob = await client(url).call("room/1");
    await traced(trace, ["Alice createOffer", "Alice setLocal offer"]);
    alice.pc.gather({ candidate: "early" });
    const settled = alice.call.candidate(null);
    await settled;
    const pc = new FakePeer("Bob", trace);
    bob.connect(pc);
    await traced(trace, exchange);
    expect(pc.added).toEqual(["early", null]);
  });

  test("one hangs up: the other is told, and calls the next one with a new peer connection", async () => {
    const { url, signaling } = await serve();
    const trace: string[] = [];
    const alice = await join(url, "Alice", trace);
    const bob = await join(url, "Bob", trace);
    await traced(trace, exchange);
    expect(() => connect(alice, alice.pc)).toThrow();
    bob.call.hangUp();
    bob.call.hangUp();
    expect([bob.call.endReason, bob.heard, bob.pc.listeners]).toEqual(["LEFT", [], 0]);
    await expect(bob.call.candidate(null)).rejects.toMatchObject({ code: "SESSION_CLOSED" });
    await eventually(() => expect(alice.heard).toEqual(["came", "went"]));
    expect(alice.pc.listeners).toBe(0);
    const again: string[] = [];
    connect(alice, new FakePeer("Alice", again));
    const third = await join(url, "Bob", again);
    await traced(again, exchange);
    third.client.close();
    expect(third.heard).toEqual(["CLOSED"]);
    await eventually(() => expect(alice.heard).toEqual(["came", "went", "came", "went"]));
    alice.client.close();
    await eventually(() => expect(signaling.calls).toBe(0));
    expect([trace.length, alice.errors]).toEqual([exchange.length, []]);
  });

  test("a third is refused", async () => {
    const { url } = await serve();
    await join(url, "Alice", []);
    await join(url, "Bob", []);
    await expect(client(url).call("room/1")).rejects.toMatchObject({ code: "ROOM_FULL" });
  });
});

describe("a connection that breaks", () => {
  test("costs nothing: the call goes on, what was said meanwhile arrives once, ICE is restarted", async () => {
    const { url, cut, mend, signaling } = await serve();
    const trace: string[] = [];
    const alice = await join(url, "Alice", trace);
    const bob = await join(url, "Bob", trace);
    await traced(trace, exchange);
    bob.pc.iceIs("connected");
    cut();
    await eventually(() =>
      expect([alice.client.state, bob.client.state]).not.toContain("connected"),
    );
    alice.pc.gather({ candidate: "1" });
    alice.pc.gather({ candidate: "2" });
    mend();
    await eventually(() => expect(bob.pc.added).toEqual(["1", "2"]));
    await traced(trace, [...exchange, "Bob restartIce", ...swapped]);
    expect([alice.heard, bob.heard]).toEqual([["came"], []]);
    expect([alice.errors, bob.errors, signaling.calls]).toEqual([[], [], 2]);
  });

  test("for too long ends the call; its peer connection is left alone", async () => {
    const { url, cut, mend, signaling } = await serve({ limits: { recoveryMs: 30 } });
    const trace: string[] = [];
    const alice = await join(url, "Alice", trace);
    const bob = await join(url, "Bob", trace);
    await traced(trace, exchange);
    cut();
    await eventually(() => expect(alice.client.state).not.toBe("connected"));
    const said = expect(alice.call.candidate(null)).rejects.toMatchObject({
      code: "SESSION_CLOSED",
    });
    await eventually(() => expect(signaling.calls).toBe(0));
    mend();
    await said;
    await eventually(() => expect(bob.heard).toEqual(["CALL_NOT_FOUND"]));
    expect(alice.heard).toEqual(["came", "CALL_NOT_FOUND"]);
    expect([alice.pc.listeners, alice.pc.state]).toEqual([0, "stable"]);
    alice.call.connect(new FakePeer("late", trace));
    expect(trace).toHaveLength(exchange.length);
  });
});
