import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../core/clock.ts";
import type { Clock } from "../core/ports.ts";
import { CHROMIUM_CLIENT_HELLO } from "./dtls/test-chromium-hello.ts";
import type { RtcLimits } from "./limits.ts";
import { writeTestCheck } from "./net/test-check.ts";
import { CHROMIUM_OFFER } from "./sdp/test-chromium-offer.ts";
import { credentialsOf, Owner, PeerBench, until } from "./test-peers.ts";

vi.setConfig({ testTimeout: 30_000 });

let bench: PeerBench;

beforeEach(async () => {
  bench = await PeerBench.open();
});

afterEach(() => bench.close());

async function reopen(limits: Partial<RtcLimits>, clock?: Clock): Promise<void> {
  await bench.close();
  bench = await PeerBench.open(limits, clock);
}

describe("closing", () => {
  test("tells once, later, and says goodbye to the viewer", async () => {
    const { peer } = await bench.connect();
    const sent = bench.factory.counters.sent;
    peer.close("TEST");
    peer.close("AGAIN");
    expect(bench.owner.told).toEqual(["connected"]);
    expect(bench.factory.counters.sent).toBe(sent + 1);
    await bench.owner.hears("TEST");
    expect(bench.owner.told).toEqual(["connected", "TEST"]);
    peer.send(Uint8Array.of(1));
    expect(bench.factory.counters.sent).toBe(sent + 1);
    await expect(peer.answer(CHROMIUM_OFFER)).rejects.toMatchObject({ code: "PEER_GONE" });
    expect(() => peer.restartIce("abcd", "x".repeat(22))).toThrow();
  });

  test("100 peers leaves no entry and no timer", async () => {
    const peers = Array.from({ length: 100 }, () => bench.createSender(new Owner()));
    const { send } = bench.stranger();
    for (const peer of peers) {
      const { ufrag, pwd } = credentialsOf(await peer.answer(CHROMIUM_OFFER));
      send(writeTestCheck({ username: `${ufrag}:x`, password: pwd, useCandidate: true }));
    }
    await bench.untilReceived(100);
    expect(bench.factory.counters.peers).toBe(100);
    expect(bench.clock.timers).toBe(100);
    for (const peer of peers) peer.close("TEST");
    expect(bench.factory.counters.peers).toBe(0);
    expect(bench.factory.counters.addresses).toBe(0);
    expect(bench.factory.size).toEqual({ sessions: 0, ufrags: 0, addresses: 0, handshakes: 0 });
    expect(bench.clock.timers).toBe(0);
  });

  test("the factory closes its peers and takes no more", async () => {
    bench.createSender();
    await bench.factory.close();
    await bench.factory.close();
    expect(bench.owner.told).toEqual(["SERVER_CLOSING"]);
    expect(bench.clock.timers).toBe(0);
    expect(() => bench.createSender()).toThrow(
      expect.objectContaining({ code: "PEERS_FULL", status: 503 }),
    );
  });
});

describe("limits", () => {
  test("of peers", async () => {
    await reopen({ maxPeers: 2 });
    const first = bench.createSender();
    bench.createSender(new Owner());
    expect(() => bench.createSender()).toThrow(expect.objectContaining({ code: "PEERS_FULL" }));
    first.close("TEST");
    expect(bench.createSender(new Owner())).toBeDefined();
  });

  test("of the time to join, with and without an answer and checks", async () => {
    const idle = new Owner();
    bench.createSender(idle);
    const peer = bench.createSender();
    const { ufrag, pwd } = credentialsOf(await peer.answer(CHROMIUM_OFFER));
    const { send } = bench.stranger();
    send(writeTestCheck({ username: `${ufrag}:x`, password: pwd, useCandidate: true }));
    await bench.untilReceived(1);
    bench.clock.advance(14_999);
    expect([...idle.told, ...bench.owner.told]).toEqual([]);
    bench.clock.advance(1);
    expect(idle.told).toEqual(["JOIN_TIMEOUT"]);
    expect(bench.owner.told).toEqual(["JOIN_TIMEOUT"]);
    expect(bench.clock.timers).toBe(0);
  });

  test("of handshakes at once: who waits gets in when there is room", async () => {
    await reopen({ maxConcurrentHandshakes: 1 }, systemClock);
    const stalled = bench.createSender(new Owner());
    const { ufrag, pwd } = credentialsOf(await stalled.answer(CHROMIUM_OFFER));
    const { send } = bench.stranger();
    send(writeTestCheck({ username: `${ufrag}:x`, password: pwd, useCandidate: true }));
    for (const part of CHROMIUM_CLIENT_HELLO) send(part);
    await bench.untilReceived(3);
    expect(bench.factory.size.handshakes).toBe(1);
    const peer = bench.createSender();
    await bench.viewer().negotiate(peer);
    await until(() => bench.factory.counters.handshakesDeferred > 0);
    expect(bench.owner.told).toEqual([]);
    stalled.close("TEST");
    await bench.owner.hears("connected");
    expect(bench.factory.counters.handshakesStarted).toBe(2);
  });

  test("of the offer: one that is too long is refused and the session goes on", async () => {
    await reopen({ maxSdpLength: CHROMIUM_OFFER.length });
    const peer = bench.createSender();
    await peer.answer(CHROMIUM_OFFER);
    const { media } = peer;
    await expect(peer.answer(`${CHROMIUM_OFFER}\r\n`)).rejects.toMatchObject({
      code: "SDP_INVALID",
    });
    expect(peer.media).toBe(media);
    expect(bench.owner.told).toEqual([]);
  });
});

describe("an ICE restart without a description", () => {
  test("gives new credentials and the candidates, and the same for a repeated request", async () => {
    const peer = bench.createSender();
    expect(() => peer.restartIce("abcd", "x".repeat(22))).toThrow(
      expect.objectContaining({ code: "ICE_INVALID" }),
    );
    const first = credentialsOf(await peer.answer(CHROMIUM_OFFER));
    const restart = peer.restartIce("abcd", "x".repeat(22));
    expect(restart.ufrag).not.toBe(first.ufrag);
    expect(restart.candidates).toEqual([
      `candidate:1 1 udp 2130706431 127.0.0.1 ${bench.factory.port} typ host`,
    ]);
    expect(peer.restartIce("abcd", "x".repeat(22))).toEqual(restart);
    for (const [ufrag, pwd] of [
      ["abc", "x".repeat(22)],
      ["abcd", "x".repeat(21)],
      ["ab:d", "x".repeat(22)],
    ]) {
      expect(() => peer.restartIce(ufrag ?? "", pwd ?? "")).toThrow(
        expect.objectContaining({ code: "ICE_INVALID" }),
      );
    }
    const { send, socket } = bench.stranger();
    const { ufrag, pwd } = restart;
    send(writeTestCheck({ username: `${ufrag}:abcd`, password: pwd, useCandidate: true }));
    await once(socket, "message");
    expect(bench.factory.size.ufrags).toBe(1);
  });

  test("candidates of the viewer are taken and not needed", () => {
    const peer = bench.createSender();
    peer.addCandidate("candidate:1 1 udp 1 abc.local 9 typ host");
    peer.addCandidate("");
    expect(bench.owner.told).toEqual([]);
  });
});

test("ids are long and different", () => {
  const ids = [1, 2, 3].map(() => bench.createSender(new Owner()).id);
  expect(new Set(ids).size).toBe(3);
  expect(ids[0]).toMatch(/^[\w-]{24}$/);
});
