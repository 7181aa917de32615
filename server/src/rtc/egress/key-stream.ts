import { type Cipher, createCipheriv } from "node:crypto";
import { xorUint32 } from "../srtp/bytes.ts";
import type { SessionKeys } from "../srtp/key-derivation.ts";
import { place, streamBytes, type WasmInstance } from "./wasm-module.ts";

const blockBytes = 16;
/** Packets ahead for which key stream is kept at most. */
export const maxAheadPackets = 12;
/** So many packets at once cost little more each than `maxAheadPackets`. */
const manyPackets = 8;
/** Lines of one link that keep key stream: video, sound, and the retransmissions of both. */
export const maxStreamLines = 4;
const sequences = 0x10000;

/** What is kept of one SSRC. */
interface StreamLine {
  readonly ssrc: number;
  /** Index of the first packet that `bytes` is for. */
  first: number;
  packets: number;
  /** Blocks for each packet. */
  blocks: number;
  /** The most that a packet needed since `bytes` was made. */
  needed: number;
  bytes: Uint8Array | undefined;
}

/** Where the parts of an initialisation vector stand. RFC 3711 section 4.1.1, RFC 7714 section 8.1. */
interface VectorLayout {
  readonly ssrc: number;
  readonly rollover: number;
  readonly sequence: number;
  /** What the last four bytes begin with: GCM counts from 1, and its first block masks the tag. */
  readonly counter: number;
}

const gcmLayout: VectorLayout = { ssrc: 2, rollover: 6, sequence: 10, counter: 1 };
const counterModeLayout: VectorLayout = { ssrc: 4, rollover: 8, sequence: 12, counter: 0 };

/**
 * The AES key stream of one peer, by a cipher that lives as long as the peer, for several packets at a time and ahead of them. It
 * depends on nothing but SSRC and index, so that a packet sent again has the same; two different packets of one index have no
 * place here, as in all of SRTP.
 */
export class KeyStream {
  readonly #cipher: Cipher;
  readonly #salt: Uint8Array;
  readonly #layout: VectorLayout;
  readonly #wasm: WasmInstance;
  readonly #lines: StreamLine[] = [];
  /** Blocks from one packet to the next in the stream area, after `take`. */
  blocks = 0;

  constructor(keys: SessionKeys, wasm: WasmInstance) {
    this.#wasm = wasm;
    this.#cipher = createCipheriv("aes-128-ecb", keys.cipher, null).setAutoPadding(false);
    this.#layout = keys.auth === undefined ? gcmLayout : counterModeLayout;
    this.#salt = new Uint8Array(blockBytes);
    this.#salt.set(keys.salt);
    this.#salt[blockBytes - 1] = this.#layout.counter;
  }

  /** Bytes kept for packets to come. */
  get keptBytes(): number {
    return this.#lines.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
  }

  /** One block by itself. */
  block(plain: Uint8Array): Uint8Array {
    return this.#cipher.update(plain);
  }

  /**
   * Puts the key stream of `packets` packets from `index` on into the stream area, `blocks` for each at least, or that of
   * as many as there is room for. Returns of how many; at least one.
   */
  take(ssrc: number, index: number, packets: number, blocks: number): number {
    const line = this.#lineOf(ssrc);
    let after = index - line.first;
    if (blocks > line.needed) line.needed = blocks;
    const gone = after < line.packets && line.bytes === undefined;
    if (after < 0 || gone) return this.#makeOnce(ssrc, index, packets, blocks);
    if (after >= line.packets || blocks > line.blocks) {
      this.#makeAhead(line, index, packets, blocks);
      after = 0;
    }
    const taken = Math.min(packets, line.packets - after);
    const stride = line.blocks * blockBytes;
    const { buffer, byteOffset } = line.bytes as Uint8Array;
    const part = new Uint8Array(buffer, byteOffset + after * stride, taken * stride);
    this.#wasm.bytes.set(part, place.stream);
    this.blocks = line.blocks;
    // What was made use of is not kept for packets to come.
    if (after + taken === line.packets) line.bytes = undefined;
    return taken;
  }

  /** Lets go of all that is kept. */
  close(): void {
    this.#lines.length = 0;
  }

  #lineOf(ssrc: number): StreamLine {
    for (const line of this.#lines) if (line.ssrc === ssrc) return line;
    const line = { ssrc, first: 0, packets: 0, blocks: 0, needed: 0, bytes: undefined };
    if (this.#lines.length === maxStreamLines) this.#lines.shift();
    this.#lines.push(line);
    return line;
  }

  /** For packets from before: nothing is kept, and what is kept for those to come stays. */
  #makeOnce(ssrc: number, index: number, packets: number, blocks: number): number {
    const made = Math.min(packets, roomFor(index, blocks));
    this.#wasm.bytes.set(this.#make(ssrc, index, made, blocks), place.stream);
    this.blocks = blocks;
    return made;
  }

  /**
   * A line that goes on gets more ahead each time; one packet now and then, as of retransmissions, gets none, and neither do
   * many at once, which share the call anyway.
   */
  #makeAhead(line: StreamLine, index: number, packets: number, blocks: number): void {
    const goesOn = line.packets > 0 && index === line.first + line.packets;
    const ahead =
      goesOn && packets < manyPackets ? Math.min(2 * line.packets, maxAheadPackets) : packets;
    const wide = Math.max(blocks, line.needed);
    line.first = index;
    line.packets = Math.min(Math.max(packets, ahead), roomFor(index, wide));
    line.blocks = wide;
    line.needed = blocks;
    line.bytes = this.#make(line.ssrc, index, line.packets, wide);
  }

  #make(ssrc: number, index: number, packets: number, blocks: number): Uint8Array {
    const { bytes, exports } = this.#wasm;
    const { counter, counters } = place;
    const layout = this.#layout;
    bytes.set(this.#salt, counter);
    xorUint32(bytes, counter + layout.ssrc, ssrc);
    xorUint32(bytes, counter + layout.rollover, Math.floor(index / sequences));
    const highAt = counter + layout.sequence;
    const high = bytes[highAt] ?? 0;
    const low = bytes[highAt + 1] ?? 0;
    const first = index % sequences;
    for (let packet = 0; packet < packets; packet++) {
      const sequence = first + packet;
      bytes[highAt] = high ^ (sequence >>> 8);
      bytes[highAt + 1] = low ^ sequence;
      exports.counters(counters + packet * blocks * blockBytes, blocks, counter);
    }
    const plain = bytes.subarray(counters, counters + packets * blocks * blockBytes);
    return this.#cipher.update(plain);
  }
}

/** How many packets with consecutive sequence numbers there is room for. The roll-over counter is that of all of them. */
function roomFor(index: number, blocks: number): number {
  const room = Math.floor(streamBytes / (blocks * blockBytes));
  return Math.min(room, sequences - (index % sequences));
}
