import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { parseRecord } from "./record.ts";
import type { DtlsServer } from "./server.ts";
import { asItIs, runAltered } from "./test-link.ts";
import { pair, serverFor, theirs } from "./test-pair.ts";

vi.setConfig({ testTimeout: 120_000 });

/** One thing that happens to bytes. */
type Edit =
  | { readonly type: "set"; readonly at: number; readonly value: number }
  | { readonly type: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly type: "remove"; readonly at: number; readonly count: number }
  | { readonly type: "cut"; readonly at: number };

const where = fc.nat(4095);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ type: fc.constant("set" as const), at: where, value: fc.nat(255) }),
  fc.record({
    type: fc.constant("insert" as const),
    at: where,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  }),
  fc.record({
    type: fc.constant("remove" as const),
    at: where,
    count: fc.integer({ min: 1, max: 60 }),
  }),
  fc.record({ type: fc.constant("cut" as const), at: where }),
);

function applied(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  let list = [...bytes];
  for (const change of edits) {
    const at = change.at % (list.length + 1);
    if (change.type === "set") list[Math.min(at, list.length - 1)] = change.value;
    else if (change.type === "insert") list.splice(at, 0, ...change.bytes);
    else if (change.type === "remove") list.splice(at, change.count);
    else list = list.slice(0, at);
  }
  return Uint8Array.from(list);
}

/** What a client that does nothing wrong sends, from ClientHello to Finished. */
function realFlights(): readonly Uint8Array[] {
  const sent: Uint8Array[] = [];
  const { client, server } = pair({ scatter: true });
  runAltered(client, server, (bytes, toServer) => {
    if (toServer) sent.push(bytes);
    return asItIs(bytes);
  });
  expect(server.state).toBe("connected");
  return sent;
}

function drain(server: DtlsServer): void {
  for (let out = server.shiftOutput(); out !== undefined; out = server.shiftOutput()) {
    expect(parseRecord(out, 0)).toBeDefined();
  }
}

describe("a handshake message with any contents", () => {
  const types = [
    ["ClientHello", 1],
    ["Certificate", 11],
    ["ClientKeyExchange", 16],
    ["CertificateVerify", 15],
    ["Finished", 20],
  ] as const;

  test.each(types)("%s that was edited ends in no other keys and throws nothing", (_name, type) => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const { client, server } = pair({
          tamper: (current, body) => (current === type ? applied(body, edits) : body),
        });
        runAltered(client, server, asItIs, 400_000);
        drain(server);
        if (server.state === "connected") {
          expect(server.srtpKeys?.local).toEqual(client.srtpKeys?.remote);
        } else if (server.state === "closed") {
          expect(server.reason).toMatch(/^DTLS_[A-Z_]+$/);
        }
      }),
      { numRuns: 150 },
    );
  });

  test.each(types)("%s of arbitrary bytes connects nobody and throws nothing", (_name, type) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const { client, server } = pair({
          tamper: (current, body) => (current === type ? bytes : body),
        });
        runAltered(client, server, asItIs, 400_000);
        expect(server.state).not.toBe("connected");
        expect(server.srtpKeys).toBeUndefined();
        expect(client.connected).toBe(false);
      }),
      { numRuns: 80 },
    );
  });
});

test("edited records of real flights, in any order, throw nothing and connect nobody else", () => {
  const flights = realFlights();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(flights.length - 1), fc.array(edit, { maxLength: 3 })), {
        maxLength: 20,
      }),
      (datagrams) => {
        const server = serverFor(theirs.der);
        let nowUs = 0;
        for (const [which, edits] of datagrams) {
          nowUs += 7_000;
          server.receive(applied(flights[which] ?? new Uint8Array(), edits), nowUs);
          drain(server);
          if (server.nextTimeoutUs !== undefined) server.onTimeout(nowUs);
        }
        // They were sent to another server, whose random and key were others.
        expect(server.state).not.toBe("connected");
      },
    ),
    { numRuns: 300 },
  );
});

test("a peer that sends fragments for ever makes nothing grow", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const flights = realFlights();
  const server = serverFor(theirs.der);
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const send = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const bytes = Uint8Array.from(flights[random(flights.length)] ?? []);
      // The sequence, length and offset of a message, the epoch, or anything.
      for (let n = 0; n < 3; n++) bytes[random(Math.min(bytes.length, 60))] = random(256);
      // A handshake that has failed takes nothing any more.
      if (i % 50 === 0 && server.state === "closed") return;
      server.receive(bytes, i * 100);
      drain(server);
    }
  };
  send(2_000);
  const before = used();
  send(30_000);
  // A handshake keeps up to 32 kB of messages, and four records that came early.
  expect(used() - before).toBeLessThan(2_000_000);
});
