import fc from "fast-check";
import { expect, test } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import type { DatagramPath, SrtpProfile } from "../peer.ts";
import { deriveSessionKeys } from "../srtp/key-derivation.ts";
import { createPacketCipher } from "../srtp/packet-cipher.ts";
import type { DatagramPort, EgressLink } from "./core.ts";
import { maxAheadPackets, maxStreamLines } from "./key-stream.ts";
import { testKeys } from "./test-rig.ts";
import { WasmBatch } from "./wasm-batch.ts";
import { WasmEgressCore } from "./wasm-core.ts";
import { wasmKeys } from "./wasm-keys.ts";
import {
  batchPackets,
  loadSealer,
  maxHeadBytes,
  maxPlainBytes,
  packetAreas,
  textBytes,
  type WasmInstance,
} from "./wasm-module.ts";

const wasm = loadSealer() as WasmInstance;
const profiles: readonly SrtpProfile[] = ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"];

interface Packet {
  readonly header: Uint8Array;
  readonly prefix: Uint8Array | undefined;
  readonly payload: Uint8Array;
  readonly ssrc: number;
  readonly index: number;
}

/** A socket that keeps what it is given where it is, as a full kernel has it kept. */
class TestSocket {
  readonly datagrams: Uint8Array[] = [];
  readonly copies: Buffer[] = [];
  waitingBytes = 0;

  send(datagram: Uint8Array): void {
    this.datagrams.push(datagram);
    this.copies.push(Buffer.from(datagram));
  }

  get port(): DatagramPort {
    const path = { address: "127.0.0.1", port: 9, socket: this };
    return { path, send: (datagram) => this.send(datagram) };
  }
}

class TestLink {
  readonly socket = new TestSocket();
  readonly expected: Buffer[] = [];
  readonly #link: EgressLink;
  readonly #cipher;

  constructor(core: WasmEgressCore, profile: SrtpProfile) {
    this.#link = core.open(testKeys(profile), this.socket.port);
    this.#cipher = createPacketCipher(profile, testKeys(profile).local);
  }

  send({ header, prefix, payload, ssrc, index }: Packet): void {
    const out = Buffer.alloc(header.length + (prefix?.length ?? 0) + payload.length + 16);
    out.set(header);
    const length = this.#cipher.sealRtp(
      ...([out, 0, header.length, prefix, payload, ssrc, index] as const),
    );
    this.expected.push(out.subarray(0, length));
    const given = Uint8Array.from(header);
    expect(this.#link.rtp(given, prefix, payload, ssrc, index)).toBe(length);
    given.fill(0xee);
  }

  check(): void {
    expect(this.socket.copies.length).toBe(this.expected.length);
    this.expected.forEach((right, at) => {
      if (!right.equals(this.socket.copies[at] as Buffer)) throw new Error(`packet ${at} differs`);
    });
  }

  close(): void {
    this.#link.close();
  }
}

const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 31 + seed * 7) & 0xff);

const packetOf = (index: number, length = 300, seed = index): Packet => ({
  ...{ header: bytes(20, 3), prefix: undefined, payload: bytes(length, seed), ssrc: 5, index },
});

test("any packets of any viewers are those of node:crypto, in order", () => {
  const packet = fc.record({
    link: fc.nat(5),
    ssrc: fc.constantFrom(1, 0xdeadbeef),
    step: fc.constantFrom(1, 1, 1, 1, 1, 2, 300),
    headerBytes: fc.integer({ min: 3, max: 30 }).map((words) => 4 * words),
    prefix: fc.option(fc.constant(Uint8Array.of(9, 8)), { nil: undefined, freq: 4 }),
    /** Payloads that many are sent, and one's own. */
    shared: fc.boolean(),
    payloadBytes: fc.oneof(
      fc.constantFrom(0, 1, 15, 16, 17, 63, 64, 65, 1142),
      fc.integer({ min: 0, max: 1900 }),
    ),
    flush: fc.nat(20).map((number) => number === 0),
  });
  const starts = fc.constantFrom(0, 0xffe0, 0x1_0000_0000 - 9, 0xfffe_dcba_9876);
  fc.assert(
    fc.property(starts, fc.array(packet, { maxLength: 200, size: "max" }), (start, packets) => {
      const core = new WasmEgressCore({ wasm, clock: new FakeClock() });
      const links = [0, 1, 2, 3, 4, 5].map(
        (number) => new TestLink(core, profiles[number % 2] as SrtpProfile),
      );
      const shared = new Map<number, Uint8Array>();
      const next = new Map<string, number>();
      for (const { link, ssrc, step, headerBytes, prefix, payloadBytes, ...rest } of packets) {
        const line = `${link} ${ssrc}`;
        const index = (next.get(line) ?? start) + step;
        next.set(line, index);
        const own = bytes(payloadBytes, index);
        const payload = rest.shared ? (shared.get(payloadBytes) ?? own) : own;
        shared.set(payloadBytes, payload);
        const header = bytes(headerBytes, index);
        (links[link] as TestLink).send({ header, prefix, payload, ssrc, index });
        if (rest.flush) {
          core.flush();
          // From here on a payload may be other bytes.
          for (const old of shared.values()) old.fill(0xaa);
          shared.clear();
        }
      }
      core.flush();
      for (const link of links) link.check();
    }),
    { numRuns: 40 },
  );
}, 60_000);

test.each(profiles)("%s: a packet that goes again is the same", (profile) => {
  const core = new WasmEgressCore({ wasm, clock: new FakeClock() });
  const link = new TestLink(core, profile);
  const order = [0, 1, 2, 3, 1, 4, 0, 5, 0xffff, 0x10000, 0xffff, 6];
  for (const index of order) {
    link.send(packetOf(index));
    core.flush();
  }
  link.check();
  const again = link.socket.copies;
  expect(again[4]).toEqual(again[1]);
  expect(again[10]).toEqual(again[8]);
});

test("packets at the limits are sealed here, those beyond by the node tier", () => {
  const core = new WasmEgressCore({ wasm, clock: new FakeClock() });
  for (const profile of profiles) {
    const link = new TestLink(core, profile);
    for (const headBytes of [maxHeadBytes, maxHeadBytes + 4]) {
      for (const more of [0, 1]) {
        const header = bytes(headBytes, 1);
        const payload = bytes(maxPlainBytes - headBytes + more, 2);
        link.send({ header, prefix: undefined, payload, ssrc: 1, index: link.expected.length });
      }
    }
    core.flush();
    link.check();
  }
});

test("more payloads than there is room for are all sent", () => {
  const core = new WasmEgressCore({ wasm, clock: new FakeClock() });
  const link = new TestLink(core, "AEAD_AES_128_GCM");
  const count = Math.ceil(textBytes / 1800) + 5;
  for (let index = 0; index < count; index++) link.send(packetOf(index, 1800));
  core.flush();
  link.check();
});

test("what the kernel did not take yet stays as it is, for a quarter of a second", () => {
  const clock = new FakeClock();
  const core = new WasmEgressCore({ wasm, clock });
  const link = new TestLink(core, "AEAD_AES_128_GCM");
  const { socket } = link;
  let index = 0;
  const batch = (): void => {
    for (let i = 0; i < batchPackets; i++) link.send(packetOf(index++));
    core.flush();
  };
  batch();
  const first = socket.datagrams[0] as Uint8Array;
  batch();
  // The kernel took all: the room is used again.
  expect(socket.datagrams[batchPackets]?.byteOffset).toBe(first.byteOffset);
  socket.waitingBytes = 1;
  const from = index;
  for (let i = 0; i < packetAreas + 2; i++) batch();
  const untouched = (): boolean =>
    socket.datagrams.slice(from).every((datagram, i) => {
      return Buffer.compare(datagram, socket.copies[from + i] as Buffer) === 0;
    });
  expect(untouched()).toBe(true);
  // Beyond the rooms that there are, datagrams have memory of their own.
  expect(socket.datagrams.at(-1)?.buffer).not.toBe(first.buffer);
  socket.waitingBytes = 0;
  clock.advance(249);
  batch();
  expect(untouched()).toBe(true);
  expect(socket.datagrams.at(-1)?.buffer).not.toBe(first.buffer);
  clock.advance(1);
  batch();
  batch();
  expect(socket.datagrams.at(-1)?.buffer).toBe(first.buffer);
  link.check();
});

test("a link that closes sends what it has, and nothing more", () => {
  const core = new WasmEgressCore({ wasm, clock: new FakeClock() });
  const [link, other] = [
    new TestLink(core, "AEAD_AES_128_GCM"),
    new TestLink(core, "AES_CM_128_HMAC_SHA1_80"),
  ];
  link.send(packetOf(1));
  other.send(packetOf(1));
  link.close();
  link.close();
  link.check();
  core.close();
  other.check();
});

test("what fails while it is sent is not sealed a second time", () => {
  const core = new WasmEgressCore({ wasm, clock: new FakeClock() });
  for (const profile of profiles) {
    const link = new TestLink(core, profile);
    const { socket } = link;
    const send = socket.send.bind(socket);
    socket.send = () => {
      throw new Error("a bug");
    };
    link.send({ ...packetOf(1), prefix: Uint8Array.of(1, 2) });
    expect(() => core.flush()).toThrow("a bug");
    socket.send = send;
    core.flush();
    expect(socket.datagrams).toHaveLength(0);
    link.expected.length = 0;
    for (let index = 2; index < 9; index++) link.send(packetOf(index, 100 * index));
    core.flush();
    link.check();
  }
});

test("a viewer that was sent much keeps little, and nothing when it is gone", () => {
  const keys = wasmKeys(
    "AEAD_AES_128_GCM",
    deriveSessionKeys("AEAD_AES_128_GCM", testKeys().local, "rtp"),
    wasm,
  );
  const batch = new WasmBatch(wasm, new FakeClock());
  const { path } = new TestSocket().port;
  let most = 0;
  for (let index = 0; index < 200; index++) {
    for (const ssrc of [1, 2, 3, 4]) {
      const { header, payload } = packetOf(index, 1142);
      batch.add(keys, path as DatagramPath, header, undefined, payload, ssrc, index);
    }
    batch.flush();
    most = Math.max(most, keys.stream.keptBytes);
  }
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(maxStreamLines * maxAheadPackets * 1200);
  keys.stream.close();
  expect(keys.stream.keptBytes).toBe(0);
});

test("without a path the port sends", () => {
  const core = new WasmEgressCore({ wasm, clock: new FakeClock() });
  const sent: Uint8Array[] = [];
  const link = core.open(testKeys(), { send: (datagram) => void sent.push(datagram) });
  const { header, payload } = packetOf(1);
  expect(link.rtp(header, undefined, payload, 5, 1)).toBe(header.length + payload.length + 16);
  expect(sent).toHaveLength(1);
});
