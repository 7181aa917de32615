import type { HandshakeFragment, HandshakeMessage } from "./handshake.ts";

/** Longest handshake message taken: certificates of browsers have 300 to 1000 bytes. */
export const MAX_MESSAGE_BYTES = 16_384;
/** How far ahead of the next message fragments are kept. */
export const MAX_MESSAGES_AHEAD = 6;
/** Bytes of unfinished messages kept at once. */
export const MAX_PENDING_BYTES = 32_768;

interface Partial {
  readonly type: number;
  readonly body: Uint8Array;
  readonly have: Uint8Array;
  missing: number;
}

/** Puts handshake messages together from fragments in any order, and gives them in order. RFC 6347 section 4.2.3. */
export class Reassembler {
  #next = 0;
  #pendingBytes = 0;
  readonly #partials = new Map<number, Partial>();

  /** Number of the message that comes next. */
  get next(): number {
    return this.#next;
  }

  /** Copies what the fragment adds; what is too far ahead, too long or contradicts earlier fragments is ignored. */
  push(fragment: HandshakeFragment): void {
    const { sequence, length, type, offset, data } = fragment;
    if (sequence < this.#next || sequence > this.#next + MAX_MESSAGES_AHEAD) return;
    let partial = this.#partials.get(sequence);
    if (partial === undefined) {
      if (length > MAX_MESSAGE_BYTES || this.#pendingBytes + length > MAX_PENDING_BYTES) return;
      partial = {
        type,
        body: new Uint8Array(length),
        have: new Uint8Array(length),
        missing: length,
      };
      this.#partials.set(sequence, partial);
      this.#pendingBytes += length;
    }
    if (partial.type !== type || partial.body.length !== length) return;
    for (let i = 0; i < data.length; i++) {
      // The first copy of a byte stays: a later one may come from somebody else.
      if (partial.have[offset + i] === 1) continue;
      partial.have[offset + i] = 1;
      partial.body[offset + i] = data[i] ?? 0;
      partial.missing--;
    }
  }

  /** The next message when it is whole. */
  shift(): HandshakeMessage | undefined {
    const partial = this.#partials.get(this.#next);
    if (partial === undefined || partial.missing > 0) return undefined;
    this.#partials.delete(this.#next);
    this.#pendingBytes -= partial.body.length;
    return { type: partial.type, sequence: this.#next++, body: partial.body };
  }
}
