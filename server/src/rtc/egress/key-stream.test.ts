import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SrtpProfile } from "../peer.ts";
import { deriveSessionKeys } from "../srtp/key-derivation.ts";
import { KeyStream, maxAheadPackets, maxStreamLines } from "./key-stream.ts";
import { testKeys } from "./test-rig.ts";
import { loadSealer, place, streamBytes, type WasmInstance } from "./wasm-module.ts";

const wasm = loadSealer() as WasmInstance;
const profiles: readonly SrtpProfile[] = ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"];

function open(profile: SrtpProfile): KeyStream {
  return new KeyStream(deriveSessionKeys(profile, testKeys(profile).local, "rtp"), wasm);
}

/** What RFC 3711 section 4.1.1 and RFC 7714 section 8.1 say, by the counter mode of node:crypto. */
function expected(profile: SrtpProfile, ssrc: number, index: number, blocks: number): Buffer {
  const { cipher, salt } = deriveSessionKeys(profile, testKeys(profile).local, "rtp");
  const gcm = profile === "AEAD_AES_128_GCM";
  const vector = Buffer.alloc(16);
  const at = gcm ? 2 : 4;
  vector.writeUInt32BE(ssrc, at);
  vector.writeUInt32BE(Math.floor(index / 0x10000), at + 4);
  vector.writeUInt16BE(index % 0x10000, at + 8);
  salt.forEach((byte, i) => {
    vector[i] = (vector[i] ?? 0) ^ byte;
  });
  if (gcm) vector[15] = 1;
  return createCipheriv("aes-128-ctr", cipher, vector).update(Buffer.alloc(16 * blocks));
}

/** Key stream of packet `number` of those that were taken last. */
function taken(stream: KeyStream, number: number, blocks: number): Buffer {
  const at = place.stream + number * stream.blocks * 16;
  return Buffer.from(wasm.bytes.slice(at, at + blocks * 16));
}

describe.each(profiles)("%s", (profile) => {
  test("is that of the specification for any order of packets, ahead, again and across wraps", () => {
    const request = fc.record({
      ssrc: fc.constantFrom(1, 2, 0xffffffff),
      step: fc.integer({ min: -40, max: 40 }),
      packets: fc.integer({ min: 1, max: 20 }),
      blocks: fc.integer({ min: 1, max: 129 }),
    });
    const start = fc.constantFrom(0, 100, 0xfff0, 0x1_0000_0000 - 5, 0xffff_ffff_0000 - 3);
    fc.assert(
      fc.property(start, fc.array(request, { maxLength: 30 }), (first, requests) => {
        const stream = open(profile);
        const next = new Map<number, number>();
        for (const { ssrc, step, packets, blocks } of requests) {
          // Half of them go on where the line was.
          const from = next.get(ssrc) ?? first;
          const index = Math.max(0, step > 0 ? from : from + step);
          const count = stream.take(ssrc, index, packets, blocks);
          expect(count).toBeGreaterThan(0);
          expect(count).toBeLessThanOrEqual(packets);
          for (let i = 0; i < count; i++) {
            const right = expected(profile, ssrc, index + i, blocks);
            expect(taken(stream, i, blocks).equals(right)).toBe(true);
          }
          next.set(ssrc, index + count);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test("a line that goes on has its key stream made ahead, and never more than the limit", () => {
  const stream = open("AEAD_AES_128_GCM");
  let most = 0;
  for (let index = 0; index < 100; index++) {
    stream.take(1, index, 1, 73);
    most = Math.max(most, stream.keptBytes);
  }
  expect(most).toBe(maxAheadPackets * 73 * 16);
  for (let ssrc = 2; ssrc < 20; ssrc++) {
    for (let index = 0; index < 30; index++) stream.take(ssrc, index, 1, 73);
  }
  expect(stream.keptBytes).toBeLessThanOrEqual(maxStreamLines * maxAheadPackets * 73 * 16);
  stream.close();
  expect(stream.keptBytes).toBe(0);
});

test("one packet now and then, and many at once, keep nothing", () => {
  const stream = open("AEAD_AES_128_GCM");
  for (const index of [5, 90, 40_000]) {
    stream.take(1, index, 1, 10);
    expect(stream.keptBytes).toBe(0);
  }
  for (let index = 0; index < 40; index += 10) {
    expect(stream.take(2, index, 10, 73)).toBe(10);
    expect(stream.keptBytes).toBe(0);
  }
});

test("what is kept survives a packet that goes again", () => {
  const stream = open("AES_CM_128_HMAC_SHA1_80");
  for (let index = 0; index < 5; index++) stream.take(1, index, 1, 10);
  const kept = stream.keptBytes;
  expect(kept).toBeGreaterThan(0);
  stream.take(1, 1, 1, 10);
  expect(stream.keptBytes).toBe(kept);
});

test("as many are made at once as there is room for, and never over the end of a roll-over", () => {
  const stream = open("AEAD_AES_128_GCM");
  expect(stream.take(1, 0, 64, 128)).toBe(streamBytes / (128 * 16));
  expect(stream.take(2, 0xfffe, 10, 4)).toBe(2);
  expect(stream.take(2, 0x10000, 10, 4)).toBe(10);
});

test("a packet that is longer than those before has enough", () => {
  const stream = open("AEAD_AES_128_GCM");
  for (let index = 0; index < 4; index++) stream.take(1, index, 1, 5);
  stream.take(1, 4, 1, 73);
  const right = expected("AEAD_AES_128_GCM", 1, 4, 73);
  expect(taken(stream, 0, 73).equals(right)).toBe(true);
});
