import { describe, expect, test, vi } from "vitest";
import { parseRecord, RECORD_HEADER_BYTES } from "./record.ts";
import { type Alter, asItIs, runAltered } from "./test-link.ts";
import { pair } from "./test-pair.ts";

vi.setConfig({ testTimeout: 60_000 });

/** Longer than any retransmission. */
const limitUs = 20_000_000;

/** Does something to the datagram of that number, in order of sending, and to no other. */
function onlyThat(which: number, alter: Alter): Alter {
  let count = 0;
  return (bytes, toServer) => (count++ === which ? alter(bytes, toServer) : asItIs(bytes));
}

/** How many datagrams a handshake takes when nothing happens to them. */
function datagramsOf(scatter: boolean): number {
  let count = 0;
  const { client, server } = pair({ scatter });
  runAltered(client, server, (bytes) => {
    count++;
    return asItIs(bytes);
  });
  return count;
}

function expectConnected(alter: Alter, scatter: boolean): void {
  const { client, server } = pair({ scatter });
  runAltered(client, server, alter, limitUs);
  expect(server.reason).toBeUndefined();
  expect(client.connected).toBe(true);
  expect(server.srtpKeys?.local).toEqual(client.srtpKeys?.remote);
  expect(server.srtpKeys?.remote).toEqual(client.srtpKeys?.local);
}

describe.each([
  ["flights in few datagrams", false],
  ["each record in a datagram of its own", true],
])("%s: a handshake connects although any one datagram", (_name, scatter) => {
  const total = datagramsOf(scatter);
  const each = (alter: Alter): void => {
    for (let which = 0; which < total; which++) expectConnected(onlyThat(which, alter), scatter);
  };

  test("is lost", () => {
    expect(total).toBeGreaterThanOrEqual(4);
    each(() => []);
  });

  test.each([0, 15_000, 2_000_000])("comes again %d µs later", (lateUs) => {
    each((bytes) => [...asItIs(bytes), { bytes, lateUs }]);
  });

  test.each([12_000, 300_000])("comes %d µs late", (lateUs) => {
    each((bytes) => [{ bytes, lateUs }]);
  });

  test("is cut short", () => {
    for (const bytesLeft of [0, RECORD_HEADER_BYTES, 30]) {
      each((bytes) => [{ bytes: bytes.subarray(0, bytesLeft), lateUs: 0 }]);
    }
  });

  test("has a wrong bit in a record header", () => {
    for (let bit = 0; bit < RECORD_HEADER_BYTES * 8; bit += 7) {
      each((bytes) => [{ bytes: flipped(bytes, bit), lateUs: 0 }]);
    }
  });
});

test("flights come in any order, all at once, again and again", () => {
  for (let seed = 1; seed <= 40; seed++) {
    let state = seed;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    expectConnected((bytes) => {
      const copies = 1 + Math.floor(random() * 3);
      return Array.from({ length: copies }, () => ({ bytes, lateUs: random() * 90_000 }));
    }, true);
  }
});

test("a wrong bit in an encrypted record is as if it were lost", () => {
  const bits = [0, 60, 63, 64, 100, 127, 128, 200, 255, 300, 383];
  for (const bit of bits) {
    let changed = false;
    expectConnected((bytes, toServer) => {
      const at = toServer && !changed ? sealedAt(bytes) : undefined;
      if (at === undefined) return asItIs(bytes);
      changed = true;
      return [{ bytes: flipped(bytes, (at + RECORD_HEADER_BYTES) * 8 + bit), lateUs: 0 }];
    }, true);
    expect(changed).toBe(true);
  }
});

test("a wrong bit in any message in the clear never leads to keys that differ", () => {
  const total = datagramsOf(true);
  for (let which = 0; which < total; which++) {
    for (let bit = RECORD_HEADER_BYTES * 8; bit < 1500 * 8; bit += 409) {
      const { client, server } = pair({ scatter: true });
      runAltered(
        client,
        server,
        onlyThat(which, (bytes, toServer) => [
          { bytes: toServer ? flipped(bytes, bit) : bytes, lateUs: 0 },
        ]),
        1_000_000,
      );
      if (server.state !== "connected") continue;
      expect(server.srtpKeys?.local).toEqual(client.srtpKeys?.remote ?? server.srtpKeys?.local);
    }
  }
});

/** Where the first record of epoch 1 begins. */
function sealedAt(datagram: Uint8Array): number | undefined {
  for (let at = 0; ; ) {
    const record = parseRecord(datagram, at);
    if (record === undefined || record.epoch === 1) return record && at;
    at += record.header.length + record.fragment.length;
  }
}

/** A copy with one bit changed; as it was where there is no such bit. */
function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const at = bit >> 3;
  if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
  return changed;
}
