import type { SrtpProfile } from "../peer.ts";
import type { SessionKeys } from "../srtp/key-derivation.ts";
import { KeyStream } from "./key-stream.ts";
import { hashBlocks } from "./wasm-ghash.ts";
import { place, type WasmInstance } from "./wasm-module.ts";
import { lanes, stateWords } from "./wasm-sha1.ts";

const blockBytes = 16;
const scheduleWords = 16;
/** FIPS 180-4 section 5.3.1. */
const initialState = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
/** RFC 2104 section 2. */
const innerPad = 0x36;
const outerPad = 0x5c;

/** What packets to one peer are sealed with. */
export interface WasmKeys {
  readonly stream: KeyStream;
  readonly tagBytes: number;
  /** With AES-GCM: powers of the hash key, the highest first. */
  readonly powers: Uint8Array | undefined;
  /** With HMAC-SHA1: its state after the inner and the outer pad, one after the other. */
  readonly pads: Int32Array | undefined;
}

/** Works out once what each packet of a peer needs. It uses the memory of the module where packets are sealed otherwise. */
export function wasmKeys(profile: SrtpProfile, keys: SessionKeys, wasm: WasmInstance): WasmKeys {
  const stream = new KeyStream(keys, wasm);
  if (profile === "AEAD_AES_128_GCM") {
    const hashKey = stream.block(new Uint8Array(blockBytes));
    return { stream, tagBytes: 16, powers: hashPowers(hashKey, wasm), pads: undefined };
  }
  if (keys.auth === undefined) throw new Error(`${profile} needs an authentication key`);
  return { stream, tagBytes: 10, powers: undefined, pads: hmacPads(keys.auth.export(), wasm) };
}

/** GHASH of zeros and one block is the block times the hash key. */
function hashPowers(hashKey: Uint8Array, { bytes, exports }: WasmInstance): Uint8Array {
  const group = hashBlocks * blockBytes;
  const powers = new Uint8Array(group);
  const at = (number: number) => place.powers + number * blockBytes;
  for (let number = 0; number < hashBlocks; number++) bytes.set(hashKey, at(number));
  exports.tables(place.powers);
  let power: Uint8Array = hashKey;
  for (let number = hashBlocks - 1; number >= 0; number--) {
    powers.set(power, number * blockBytes);
    bytes.fill(0, place.hashedText, place.hashedText + group);
    bytes.set(power, place.hashedText + group - blockBytes);
    exports.ghash(place.hashedText, 1, place.counter);
    power = bytes.slice(place.counter, place.counter + blockBytes);
  }
  return powers;
}

/** The first lane hashes the inner pad, all others the outer one. */
function hmacPads(key: Uint8Array, { words, exports }: WasmInstance): Int32Array {
  const state = place.state / 4;
  const schedule = place.schedule / 4;
  for (let lane = 0; lane < lanes; lane++) {
    const pad = (lane === 0 ? innerPad : outerPad) * 0x01010101;
    for (let i = 0; i < scheduleWords; i++) {
      const word = [0, 1, 2, 3].reduce((sum, byte) => (sum << 8) | (key[4 * i + byte] ?? 0), 0);
      words[schedule + i * lanes + lane] = word ^ pad;
    }
    initialState.forEach((word, i) => {
      words[state + i * lanes + lane] = word;
    });
  }
  exports.block();
  return Int32Array.from(
    { length: 2 * stateWords },
    (_, i) => words[state + (i % stateWords) * lanes + (i < stateWords ? 0 : 1)] ?? 0,
  );
}
