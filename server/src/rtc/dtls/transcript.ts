import { createHash } from "node:crypto";
import {
  HANDSHAKE_HEADER_BYTES,
  type HandshakeMessage,
  writeHandshakeHeader,
} from "./handshake.ts";

/** What a handshake with a browser takes; a longer one grows. */
const FIRST_BYTES = 4096;

/** All messages of a handshake so far, each as if it had come in one piece. RFC 6347 section 4.2.6. */
export class Transcript {
  #buffer = new Uint8Array(FIRST_BYTES);
  #length = 0;

  /** A view, good until the next message. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Copies a message that has its header already. */
  add(message: Uint8Array): void {
    this.#reserve(message.length);
    this.#buffer.set(message, this.#length);
    this.#length += message.length;
  }

  /** Copies a message of the peer. */
  addMessage({ type, sequence, body }: HandshakeMessage): void {
    this.#reserve(HANDSHAKE_HEADER_BYTES + body.length);
    writeHandshakeHeader(this.#buffer, this.#length, {
      type,
      sequence,
      length: body.length,
      offset: 0,
      fragmentLength: body.length,
    });
    this.#buffer.set(body, this.#length + HANDSHAKE_HEADER_BYTES);
    this.#length += HANDSHAKE_HEADER_BYTES + body.length;
  }

  /** SHA-256 of all of it. */
  hash(): Uint8Array {
    return createHash("sha256").update(this.bytes).digest();
  }

  /** Forgets everything. */
  clear(): void {
    this.#buffer = new Uint8Array(0);
    this.#length = 0;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    grown.set(this.bytes);
    this.#buffer = grown;
  }
}
