import type { RtcCounters } from "./net/counters.ts";

/** A handshake that takes longer is no longer counted: a peer that stalls must not keep others out. */
export const HANDSHAKE_SLOT_MS = 2_000;

/**
 * Bounds the handshakes under way, so that a crowd that joins at once waits for its turn (a client
 * repeats its first message) instead of all timing out together.
 */
export class HandshakeGate {
  readonly #max: number;
  readonly #counters: RtcCounters;
  /** Who entered when, oldest first. */
  readonly #entered = new Map<object, number>();

  constructor(max: number, counters: RtcCounters) {
    this.#max = max;
    this.#counters = counters;
  }

  /** Handshakes counted now. */
  get size(): number {
    return this.#entered.size;
  }

  /** Whether `who` may begin its handshake; call `leave` when it ends. */
  enter(who: object, nowUs: number): boolean {
    if (this.#entered.has(who)) return true;
    if (this.#entered.size >= this.#max) this.#dropStalled(nowUs);
    if (this.#entered.size >= this.#max) {
      this.#counters.handshakesDeferred++;
      return false;
    }
    this.#entered.set(who, nowUs);
    this.#counters.handshakesStarted++;
    return true;
  }

  /** May be called twice, and by who never entered. */
  leave(who: object): void {
    this.#entered.delete(who);
  }

  #dropStalled(nowUs: number): void {
    for (const [who, enteredUs] of this.#entered) {
      if (nowUs - enteredUs < HANDSHAKE_SLOT_MS * 1000) return;
      this.#entered.delete(who);
    }
  }
}
