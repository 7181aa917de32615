import { FrameError } from "./frame-error.ts";

const stunHeaderBytes = 20;
/** Type or channel, and length: enough to know how long the message is. */
const lengthBytes = 4;

/**
 * Cuts a byte stream into STUN and ChannelData messages. RFC 8489 section 6.2.2, RFC 8656 section 12.5: a message
 * says its length itself, and ChannelData is padded to four bytes.
 */
export class FrameReader {
  readonly #maxFrameBytes: number;
  /** A message of which only a part is here. */
  #partial: Uint8Array | undefined;
  #filled = 0;
  readonly #start: Uint8Array = new Uint8Array(lengthBytes);

  /** `maxFrameBytes` counts header and padding. */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes of an unfinished message that are kept. */
  get waitingBytes(): number {
    return this.#filled;
  }

  /**
   * Hands every message that is whole now to `take`, with its padding; views into the chunk where that is possible,
   * so the chunk must not change afterwards.
   * @throws FrameError when the bytes are no message or it is too long; nothing may follow.
   */
  push(chunk: Uint8Array, take: (message: Uint8Array) => void): void {
    let at = this.#filled === 0 ? 0 : this.#complete(chunk, take);
    while (chunk.length - at >= lengthBytes) {
      const size = this.#frameBytes(chunk, at);
      if (chunk.length - at < size) break;
      take(chunk.subarray(at, at + size));
      at += size;
    }
    if (at < chunk.length) this.#keep(chunk, at);
  }

  /** Continues the message that waits; returns how far the chunk was used. */
  #complete(chunk: Uint8Array, take: (message: Uint8Array) => void): number {
    let at = 0;
    if (this.#partial === undefined) {
      while (this.#filled < lengthBytes && at < chunk.length) {
        this.#start[this.#filled++] = chunk[at++] as number;
      }
      if (this.#filled < lengthBytes) return at;
      this.#partial = new Uint8Array(this.#frameBytes(this.#start, 0));
      this.#partial.set(this.#start);
    }
    const partial = this.#partial;
    const count = Math.min(partial.length - this.#filled, chunk.length - at);
    partial.set(chunk.subarray(at, at + count), this.#filled);
    this.#filled += count;
    if (this.#filled === partial.length) {
      this.#partial = undefined;
      this.#filled = 0;
      take(partial);
    }
    return at + count;
  }

  /** Keeps the rest of a chunk: less than a message. */
  #keep(chunk: Uint8Array, at: number): void {
    const rest = chunk.length - at;
    // A message that was begun has taken all of the chunk.
    if (rest < lengthBytes) this.#start.set(chunk.subarray(at));
    else {
      this.#partial = new Uint8Array(this.#frameBytes(chunk, at));
      this.#partial.set(chunk.subarray(at));
    }
    this.#filled = rest;
  }

  #frameBytes(bytes: Uint8Array, at: number): number {
    const first = bytes[at] as number;
    const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    if (first > 0x7f || (first < 0x40 && length % 4 !== 0)) {
      throw new FrameError("TURN_NO_FRAME", "neither a STUN nor a ChannelData message");
    }
    const size = first < 0x40 ? stunHeaderBytes + length : lengthBytes + ((length + 3) & ~3);
    if (size > this.#maxFrameBytes) {
      throw new FrameError("TURN_FRAME_TOO_LARGE", `a message of ${size} bytes`);
    }
    return size;
  }
}
