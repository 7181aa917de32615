import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { BINDING_ERROR, BINDING_SUCCESS, parseStun } from "../stun/message.ts";
import { createCounters } from "./counters.ts";
import { ADDRESS_HOLD_MS, Demux } from "./demux.ts";
import type { IceSession } from "./ice-session.ts";
import { checkFor as check, DTLS, RecordingHandler, RecordingSocket, RTP } from "./test-demux.ts";

const MAX_ADDRESSES = 4;

let socket: RecordingSocket;
let demux: Demux;
let handler: RecordingHandler;
let session: IceSession;

beforeEach(() => {
  socket = new RecordingSocket();
  demux = new Demux({ counters: createCounters(), maxAddressesPerPeer: MAX_ADDRESSES });
  handler = new RecordingHandler();
  session = demux.open(handler);
});

/** Delivers from 10.0.0.1 and gives what was sent in answer. */
function from(port: number, datagram: Buffer, nowMs = 0): Buffer | undefined {
  const before = socket.sent.length;
  demux.receive(datagram, port, "10.0.0.1", socket, nowMs * 1000);
  return socket.sent[before]?.bytes;
}

describe("a check", () => {
  test("that is authentic is answered with the address it came from", () => {
    const answer = from(5000, check(session));
    const message = answer && parseStun(answer);
    expect(message?.type).toBe(BINDING_SUCCESS);
    expect(message?.mappedAddress).toEqual({ address: "10.0.0.1", port: 5000 });
    expect(handler.checks).toBe(1);
  });

  test.each<[string, () => Buffer, string]>([
    ["no MESSAGE-INTEGRITY", () => check(session, { password: undefined }), "stunUnauthenticated"],
    ["another key", () => check(session, { password: "x".repeat(32) }), "stunUnauthenticated"],
    ["an unknown user", () => check(session, { username: "abcdefgh:them" }), "stunUnknownUser"],
    [
      "a user without colon",
      () => check(session, { username: session.credentials.ufrag }),
      "stunUnknownUser",
    ],
    [
      "the parts swapped",
      () => check(session, { username: `them:${session.credentials.ufrag}` }),
      "stunUnknownUser",
    ],
  ])("with USE-CANDIDATE and %s changes nothing and is not answered", (_name, make, counter) => {
    const good = check(session, { useCandidate: true });
    const forged = make();
    expect(from(6666, forged)).toBeUndefined();
    expect(demux.counters).toMatchObject({ [counter]: 1, addresses: 0 });
    expect(session.selected).toBeUndefined();
    expect(from(6666, RTP)).toBeUndefined();
    expect(handler.media).toHaveLength(0);
    from(5000, good);
    expect(from(6666, forged)).toBeUndefined();
    expect(session.selected?.port).toBe(5000);
  });

  test("without FINGERPRINT or with a wrong one is not answered", () => {
    const bytes = check(session);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    expect(from(5000, bytes)).toBeUndefined();
    const cut = Buffer.from(check(session).subarray(0, -8));
    cut.writeUInt16BE(cut.length - 20, 2);
    expect(from(5000, cut)).toBeUndefined();
    expect(demux.counters.stunUnauthenticated).toBe(2);
  });

  test.each([
    ["an unknown attribute", { unknown: 0x0077 }, 420],
    ["the controlled role", { controlled: true }, 487],
    ["no priority", { priority: false }, 400],
  ])("with %s is refused and validates nothing", (_name, extra, code) => {
    const answer = from(5000, check(session, { ...extra, useCandidate: true }));
    const message = answer && parseStun(answer);
    expect(message?.type).toBe(BINDING_ERROR);
    expect(message?.errorCode?.code).toBe(code);
    expect(session.selected).toBeUndefined();
    expect(demux.size.addresses).toBe(0);
  });

  test("that was seen before does not move the peer to another address", () => {
    const seen = check(session, { useCandidate: true });
    from(5000, seen);
    expect(from(6666, seen)).toBeUndefined();
    expect(session.selected?.port).toBe(5000);
    expect(demux.counters.stunReplayed).toBe(1);
    // The same request again from the same address is a retransmission.
    expect(from(5000, seen)).toBeDefined();
  });

  test("that is an indication or an answer is ignored", () => {
    for (const type of [0x0011, 0x0101, 0x0111, 0x0003]) {
      const bytes = check(session);
      bytes.writeUInt16BE(type, 0);
      expect(from(5000, bytes)).toBeUndefined();
    }
    expect(demux.counters.stunIgnored).toBe(4);
  });
});

test("a datagram from port 0 is never answered, however authentic", () => {
  expect(from(0, check(session, { useCandidate: true }))).toBeUndefined();
  expect(session.selected).toBeUndefined();
  expect(demux.counters.malformed).toBe(1);
});

describe("DTLS and RTP", () => {
  test("from an address that passed no check are dropped and not answered", () => {
    expect(from(5000, DTLS)).toBeUndefined();
    expect(from(5000, RTP)).toBeUndefined();
    expect(demux.counters.notValidated).toBe(2);
    from(5000, check(session));
    from(5001, RTP);
    demux.receive(RTP, 5000, "10.0.0.2", socket, 0);
    expect(handler.media).toHaveLength(0);
    expect(demux.counters.notValidated).toBe(4);
  });

  test("from a validated address reach the peer", () => {
    from(5000, check(session));
    from(5000, DTLS);
    from(5000, RTP);
    expect(handler.dtls).toEqual([DTLS]);
    expect(handler.media).toEqual([RTP]);
  });

  test("anything else is counted", () => {
    from(5000, check(session));
    for (const first of [4, 19, 64, 127, 192, 255]) from(5000, Buffer.from([first, 0, 0]));
    from(5000, Buffer.alloc(0));
    expect(demux.counters.malformed).toBe(7);
  });
});

describe("addresses", () => {
  test("are limited; the stalest makes room, never the one in use", () => {
    from(5000, check(session, { useCandidate: true }), 0);
    for (let i = 1; i < MAX_ADDRESSES; i++) from(5000 + i, check(session), i);
    expect(demux.counters.addresses).toBe(MAX_ADDRESSES);
    from(5100, check(session), 50);
    expect(demux.counters.addresses).toBe(MAX_ADDRESSES);
    expect(session.selected?.port).toBe(5000);
    from(5001, RTP);
    expect(handler.media).toHaveLength(0);
    from(5000, RTP);
    from(5100, RTP);
    expect(handler.media).toHaveLength(2);
  });

  test("of a live peer cannot be taken by another one", () => {
    const other = new RecordingHandler();
    const thief = demux.open(other);
    from(5000, check(session, { useCandidate: true }), 0);
    expect(from(5000, check(thief, { useCandidate: true }), ADDRESS_HOLD_MS - 1)).toBeUndefined();
    expect(demux.counters.stunAddressTaken).toBe(1);
    expect(thief.selected).toBeUndefined();
    from(5000, RTP);
    expect(handler.media).toHaveLength(1);
  });

  test("of a peer that fell silent go to the next one that proves itself", () => {
    const other = new RecordingHandler();
    const next = demux.open(other);
    from(5000, check(session, { useCandidate: true }), 0);
    expect(from(5000, check(next, { useCandidate: true }), ADDRESS_HOLD_MS)).toBeDefined();
    from(5000, RTP);
    expect(other.media).toHaveLength(1);
    expect(session.selected).toBeUndefined();
    session.close();
    from(5000, RTP);
    expect(other.media).toHaveLength(2);
  });

  test("of IPv4 and IPv6 are apart", () => {
    const socket6 = { family: 6 as const, sent: [] as Uint8Array[], send() {} };
    from(5000, check(session));
    demux.receive(RTP, 5000, "10.0.0.1", socket6, 0);
    expect(handler.media).toHaveLength(0);
  });
});

test("closing leaves nothing behind, also twice", () => {
  const sessions = Array.from({ length: 100 }, () => demux.open(new RecordingHandler()));
  sessions.forEach((one, i) => {
    from(7000 + i, check(one, { useCandidate: true }));
    one.restart();
  });
  expect(demux.counters.addresses).toBe(100);
  for (const one of [...sessions, ...sessions, session]) one.close();
  expect(demux.size).toEqual({ sessions: 0, ufrags: 0, addresses: 0 });
  expect(demux.counters.addresses).toBe(0);
});

test("arbitrary datagrams are counted and never answered", () => {
  from(5000, check(session, { useCandidate: true }));
  const answered = socket.sent.length;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      demux.receive(Buffer.from(bytes), 6666, "10.0.0.9", socket, 0);
      expect(socket.sent).toHaveLength(answered);
      expect(session.selected?.port).toBe(5000);
    }),
    { numRuns: 500 },
  );
});

test("a check with one wrong bit is never answered", () => {
  const good = check(session, { useCandidate: true, transactionId: randomBytes(12) });
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bytes = Buffer.from(good);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(from(5000, bytes)).toBeUndefined();
  }
  expect(session.selected).toBeUndefined();
  expect(from(5000, good)).toBeDefined();
});
