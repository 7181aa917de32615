import { beforeEach, describe, expect, test } from "vitest";
import { stunFingerprint } from "../stun/integrity.ts";
import { createCounters } from "./counters.ts";
import { Demux } from "./demux.ts";
import { type IceSession, OLD_PATH_GRACE_MS, SILENT_PATH_MS } from "./ice-session.ts";
import { writeTestCheck } from "./test-check.ts";
import { checkFor as check, RecordingHandler, RecordingSocket, RTP } from "./test-demux.ts";

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

describe("nomination", () => {
  test("the first address serves until one is nominated; the last nomination wins", () => {
    from(5000, check(session));
    expect(session.selected?.port).toBe(5000);
    from(5001, check(session));
    expect(session.selected?.port).toBe(5000);
    from(5001, check(session, { useCandidate: true }));
    expect(session.selected?.port).toBe(5001);
    from(5002, check(session, { useCandidate: true }));
    expect(session.selected?.port).toBe(5002);
    session.send(Uint8Array.of(1));
    expect(socket.sent.at(-1)?.port).toBe(5002);
  });

  test("nothing is sent while there is no address", () => {
    session.send(Uint8Array.of(1));
    expect(socket.sent).toHaveLength(0);
  });
});

describe("renomination", () => {
  const nominate = (port: number, nomination: number, extra = {}): void => {
    from(port, check(session, { nomination, ...extra }));
  };

  test("follows the highest number, whatever comes after it", () => {
    from(5000, check(session));
    nominate(5001, 1);
    expect(session.selected?.port).toBe(5001);
    nominate(5002, 3);
    nominate(5001, 2);
    nominate(5001, 3, { useCandidate: true });
    expect(session.selected?.port).toBe(5002);
    nominate(5001, 4);
    expect(session.selected?.port).toBe(5001);
    nominate(5000, 0xffffffff);
    expect(session.selected?.port).toBe(5000);
  });

  test("begins anew with new credentials", () => {
    nominate(5000, 9);
    session.restart();
    nominate(5001, 1);
    expect(session.selected?.port).toBe(5001);
    nominate(5002, 2);
    expect(session.selected?.port).toBe(5002);
  });

  test("counts only where MESSAGE-INTEGRITY protects it", () => {
    from(5000, check(session));
    const { ufrag, pwd } = session.credentials;
    const honest = writeTestCheck({ username: `${ufrag}:x`, password: pwd });
    const forged = Buffer.concat([
      honest.subarray(0, -8),
      Buffer.from("c001000400000007", "hex"),
      Buffer.alloc(8),
    ]);
    forged.writeUInt16BE(forged.length - 20, 2);
    const crc = stunFingerprint(forged, forged.length - 8);
    forged.writeUInt32BE(0x80280004, forged.length - 8);
    forged.writeUInt32BE(crc, forged.length - 4);
    expect(from(5001, forged)).toBeDefined();
    expect(session.selected?.port).toBe(5000);
  });
});

test("a nomination that comes again, sent by whomever, changes nothing any more", () => {
  const old = check(session, { useCandidate: true });
  from(5000, old);
  from(5001, check(session, { useCandidate: true }));
  const checks = handler.checks;
  expect(from(5000, old)).toBeDefined();
  expect(session.selected?.port).toBe(5001);
  expect(handler.checks).toBe(checks);
});

describe("an ICE restart", () => {
  test("old credentials work until the new ones are nominated, then never again", () => {
    const old = session.credentials;
    const oldCheck = (): Buffer =>
      writeTestCheck({ username: `${old.ufrag}:a`, password: old.pwd, useCandidate: true });
    from(5000, oldCheck());
    const fresh = session.restart();
    expect(fresh).not.toEqual(old);
    expect(from(5000, oldCheck())).toBeDefined();
    expect(from(5001, check(session))).toBeDefined();
    expect(session.selected?.port).toBe(5000);
    from(5001, check(session, { useCandidate: true }));
    expect(session.selected?.port).toBe(5001);
    expect(from(5000, oldCheck())).toBeUndefined();
    expect(demux.size.ufrags).toBe(1);
  });

  test("of a peer whose address changed goes on at the new one with its first check", () => {
    from(5000, check(session, { useCandidate: true }), 0);
    session.restart();
    from(6000, check(session, { useCandidate: true }), 1000);
    session.send(Uint8Array.of(1));
    expect(socket.sent.at(-1)?.port).toBe(6000);
    from(6000, RTP, 1001);
    expect(handler.media).toHaveLength(1);
  });

  test("takes what was on its way over the old path for a while, then forgets the path", () => {
    from(5000, check(session, { useCandidate: true }), 0);
    session.restart();
    from(6000, check(session, { useCandidate: true }), 1000);
    from(5000, RTP, 1010);
    expect(handler.media).toHaveLength(1);
    from(6000, check(session), 1000 + OLD_PATH_GRACE_MS - 1);
    expect(demux.size.addresses).toBe(2);
    from(6000, check(session), 1000 + OLD_PATH_GRACE_MS);
    expect(demux.size).toEqual({ sessions: 1, ufrags: 1, addresses: 1 });
    from(5000, RTP, 5000);
    expect(handler.media).toHaveLength(1);
  });

  test("whose peer nominates nothing goes on at the new address once the old one is silent", () => {
    from(5000, check(session, { useCandidate: true }), 0);
    session.restart();
    from(6000, check(session), SILENT_PATH_MS - 1);
    expect(session.selected?.port).toBe(5000);
    from(6000, check(session), SILENT_PATH_MS);
    expect(session.selected?.port).toBe(6000);
  });

  test("works on the address that was in use before", () => {
    from(5000, check(session, { useCandidate: true }));
    session.restart();
    from(5000, check(session, { useCandidate: true }));
    expect(session.selected?.port).toBe(5000);
    expect(demux.size).toEqual({ sessions: 1, ufrags: 1, addresses: 1 });
  });

  test("that is not followed up gives way to the next: never more than two credentials", () => {
    from(5000, check(session, { useCandidate: true }));
    for (let i = 0; i < 10; i++) session.restart();
    expect(demux.size.ufrags).toBe(2);
    expect(from(5000, check(session, { useCandidate: true }))).toBeDefined();
    expect(demux.size.ufrags).toBe(1);
  });
});
