import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CHROMIUM_CLIENT_HELLO } from "./dtls/test-chromium-hello.ts";
import { writeTestCheck } from "./net/test-check.ts";
import { CHROMIUM_OFFER } from "./sdp/test-chromium-offer.ts";
import { credentialsOf, PeerBench, until } from "./test-peers.ts";
import { createWeriftSrtp } from "./werift/adapter.ts";
import { tamperWerift } from "./werift/test-viewer.ts";

vi.setConfig({ testTimeout: 30_000 });

let bench: PeerBench;

beforeEach(async () => {
  bench = await PeerBench.open();
});

afterEach(() => bench.close());

describe("a werift viewer", () => {
  test("connects and shares keys, media and RTCP with us", async () => {
    const { peer, client } = await bench.connect();
    expect(peer.media.map(({ kind }) => kind)).toEqual(["video", "audio"]);
    expect(peer.remote?.address).toMatch(/^127\.0\.0\.1$|^\d/);
    const { keys } = peer;
    if (keys === undefined) throw new Error("no keys");
    expect(keys.profile).toBe("AEAD_AES_128_GCM");
    await client.sendRtcp();
    await bench.owner.hears("datagram");
    const rtcp = createWeriftSrtp(keys).openRtcp(bench.owner.datagrams[0] ?? new Uint8Array());
    // RFC 4585 section 6.3.1: payload-specific feedback, FMT 1.
    expect([...rtcp.subarray(0, 2)]).toEqual([0x81, 206]);
    expect(bench.factory.counters).toMatchObject({ handshakesStarted: 1, handshakesCompleted: 1 });
  });

  test("keeps its session through a second offer", async () => {
    const { peer, client } = await bench.connect();
    const { keys, media } = peer;
    await client.negotiate(peer);
    expect(peer.keys).toBe(keys);
    expect(peer.media).toEqual(media);
    expect(bench.owner.told).toEqual(["connected"]);
  });

  test("moves to the credentials of an ICE restart", async () => {
    const { peer, client } = await bench.connect();
    const before = bench.factory.counters.stunAnswered;
    await client.restart(peer);
    expect(bench.factory.size.ufrags).toBe(2);
    await until(() => bench.factory.size.ufrags === 1);
    expect(bench.factory.counters.stunAnswered).toBeGreaterThan(before);
    bench.owner.datagrams.length = 0;
    // werift has no pair for some moments, and drops what it should send then.
    await until(() => {
      void client.sendRtcp();
      return bench.owner.datagrams.length > 0;
    });
    expect(bench.owner.told).toEqual(["connected"]);
  });

  test("that says another fingerprint than it has is refused", async () => {
    const peer = bench.createSender();
    const other = `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}`;
    await bench.viewer().negotiate(peer, (sdp) => sdp.replaceAll(/a=fingerprint:.*/g, other));
    await bench.owner.hears("DTLS_FINGERPRINT_MISMATCH");
    expect(peer.keys).toBeUndefined();
    expect(bench.factory.counters.handshakesFailed).toBe(1);
    expect(bench.factory.size).toEqual({ sessions: 0, ufrags: 0, addresses: 0, handshakes: 0 });
  });

  test.each([
    ["a garbage CertificateVerify", "signatureData", 70, "DTLS_CERTIFICATE_VERIFY"],
    ["a garbage Finished", "verifyData", 12, "DTLS_FINISHED"],
  ] as const)("with %s is refused", async (_name, part, bytes, code) => {
    const restore = tamperWerift(part, () => randomBytes(bytes));
    try {
      const peer = bench.createSender();
      await bench.viewer().negotiate(peer);
      await bench.owner.hears(code);
      expect(bench.owner.told).toEqual([code]);
      expect(peer.keys).toBeUndefined();
    } finally {
      restore();
    }
  });

  test("that goes says goodbye, or falls silent and is closed in time", async () => {
    const { client } = await bench.connect();
    await client.close();
    bench.clock.advance(5_999);
    expect(bench.owner.told).toEqual(["connected"]);
    bench.clock.advance(1);
    expect(bench.owner.told).toEqual(["connected", "disconnected"]);
    bench.clock.advance(23_999);
    expect(bench.owner.told).toHaveLength(2);
    bench.clock.advance(1);
    expect(bench.owner.told).toEqual(["connected", "disconnected", "PEER_TIMEOUT"]);
    expect(bench.factory.size.sessions).toBe(0);
    expect(bench.clock.timers).toBe(0);
  });

  test("of which the owner hears is alive", async () => {
    const { peer, client } = await bench.connect();
    await client.close();
    for (let i = 0; i < 20; i++) {
      bench.clock.advance(5_000);
      peer.alive(bench.clock.nowUs());
    }
    expect(bench.owner.told).toEqual(["connected"]);
    bench.clock.advance(7_000);
    peer.alive(bench.clock.nowUs());
    await bench.owner.hears("reconnected");
    bench.clock.advance(6_000);
    expect(bench.owner.told).toEqual(["connected", "disconnected", "reconnected", "disconnected"]);
  });
});

describe("somebody else", () => {
  const forgeries: [string, (ufrag: string, pwd: string) => Buffer][] = [
    [
      "no integrity",
      (ufrag) =>
        writeTestCheck({ username: `${ufrag}:x`, password: undefined, useCandidate: true }),
    ],
    [
      "the right user and a wrong key",
      (ufrag, pwd) =>
        writeTestCheck({ username: `${ufrag}:x`, password: `${pwd}x`, useCandidate: true }),
    ],
    [
      "no such user",
      (_ufrag, pwd) => writeTestCheck({ username: "zzzz:yyyy", password: pwd, useCandidate: true }),
    ],
  ];

  test.each(forgeries)(
    "who forges a Binding with USE-CANDIDATE and %s does not get the session",
    async (_name, forge) => {
      const peer = bench.createSender();
      const client = bench.viewer();
      const answer = await peer.answer(await client.offer());
      const { ufrag, pwd } = credentialsOf(answer);
      const attacker = bench.stranger();
      attacker.send(forge(ufrag, pwd));
      await bench.untilReceived(1);
      expect(peer.remote).toBeUndefined();
      await client.accept(answer);
      await bench.owner.hears("connected");
      const remote = peer.remote?.port;
      const count = bench.factory.counters.received;
      attacker.send(forge(ufrag, pwd));
      await bench.untilReceived(count + 1);
      expect(peer.remote?.port).toBe(remote);
      expect(attacker.received).toHaveLength(0);
    },
  );

  test("who sends a ClientHello after the handshake, from another or the viewer's own address, changes nothing", async () => {
    const { peer, client } = await bench.connect();
    const { keys, remote } = peer;
    const attacker = bench.stranger();
    const before = bench.factory.counters.received;
    for (const part of CHROMIUM_CLIENT_HELLO) {
      attacker.send(part);
      await client.sendRaw(part);
    }
    await bench.untilReceived(before + 4);
    expect(bench.factory.counters.notValidated).toBe(2);
    expect(attacker.received).toHaveLength(0);
    expect(peer.keys).toBe(keys);
    expect(peer.remote).toBe(remote);
    await client.sendRtcp();
    await bench.owner.hears("datagram");
    expect(bench.owner.told).toEqual(["connected"]);
  });

  test("gets no answer to anything that is not authentic", async () => {
    const peer = bench.createSender();
    const { ufrag, pwd } = credentialsOf(await peer.answer(CHROMIUM_OFFER));
    const { send, received, socket } = bench.stranger();
    const junk = [
      ...CHROMIUM_CLIENT_HELLO,
      ...forgeries.map(([, forge]) => forge(ufrag, pwd)),
      Buffer.from("80c8000601020304", "hex"),
      randomBytes(1000),
      Buffer.alloc(0),
    ];
    for (const bytes of junk) send(bytes);
    // The last one is authentic: its answer is all that comes.
    const transactionId = randomBytes(12);
    send(writeTestCheck({ username: `${ufrag}:x`, password: pwd, transactionId }));
    await once(socket, "message");
    await bench.untilReceived(junk.length + 1);
    expect(received).toHaveLength(1);
    expect(received[0]?.subarray(8, 20)).toEqual(transactionId);
    expect(bench.factory.counters.sent).toBe(1);
  });
});
