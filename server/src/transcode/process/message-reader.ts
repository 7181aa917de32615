import { ProtocolError } from "@millrace/media/error";
import type { Message } from "./message.ts";

const sizeBytes = 4;
const leastSize = 5;

/** Cuts the byte stream between gateway and codec process into messages, split anywhere. */
export class MessageReader {
  readonly #maxBytes: number;
  #input: Uint8Array = empty;
  #at = 0;
  /** A message, its size field included, of which not all bytes came in one piece. */
  #partial: Uint8Array | undefined;
  #filled = 0;
  readonly #size = new Uint8Array(sizeBytes);

  /** `maxBytes` bounds one message. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes input and keeps it until `next` has returned undefined. Call only then again. */
  receive(bytes: Uint8Array): void {
    this.#input = bytes;
    this.#at = 0;
  }

  /**
   * The next whole message, or undefined when more bytes are needed.
   * @throws ProtocolError `TRANSCODER_MESSAGE_TOO_LARGE`, `TRANSCODER_MESSAGE_INVALID`.
   */
  next(): Message | undefined {
    const left = this.#input.length - this.#at;
    if (left === 0) return undefined;
    if (this.#partial === undefined && this.#filled === 0 && left >= sizeBytes) {
      const size = this.#checkSize(readU32(this.#input, this.#at));
      if (left >= sizeBytes + size) {
        const start = this.#at + sizeBytes;
        this.#at = start + size;
        return toMessage(this.#input.subarray(start, start + size));
      }
    }
    return this.#collect();
  }

  #collect(): Message | undefined {
    if (this.#partial === undefined) {
      while (this.#filled < sizeBytes) {
        const byte = this.#input[this.#at];
        if (byte === undefined) return undefined;
        this.#size[this.#filled++] = byte;
        this.#at++;
      }
      this.#partial = new Uint8Array(this.#checkSize(readU32(this.#size, 0)));
      this.#filled = 0;
    }
    const target = this.#partial;
    const count = Math.min(target.length - this.#filled, this.#input.length - this.#at);
    target.set(this.#input.subarray(this.#at, this.#at + count), this.#filled);
    this.#at += count;
    this.#filled += count;
    if (this.#filled < target.length) return undefined;
    this.#partial = undefined;
    this.#filled = 0;
    return toMessage(target);
  }

  #checkSize(size: number): number {
    if (size < leastSize) {
      throw new ProtocolError("TRANSCODER_MESSAGE_INVALID", `a message of ${size} bytes`);
    }
    if (size > this.#maxBytes) {
      throw new ProtocolError("TRANSCODER_MESSAGE_TOO_LARGE", `a message of ${size} bytes`);
    }
    return size;
  }
}

function toMessage(bytes: Uint8Array): Message {
  return { type: bytes[0] ?? 0, job: readU32(bytes, 1), body: bytes.subarray(leastSize) };
}

function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24)) >>>
    0
  );
}

const empty = new Uint8Array(0);
