/** A token bucket in bytes. It may go below zero by one packet, which then has to be earned first. */
export class ByteBudget {
  #bytes: number;
  #filledUs: number;

  constructor(bytes: number, nowUs: number) {
    this.#bytes = bytes;
    this.#filledUs = nowUs;
  }

  /** Adds what `rateBps` earned since the last call, up to `maxBytes`. */
  fill(nowUs: number, rateBps: number, maxBytes: number): void {
    const earned = ((nowUs - this.#filledUs) * rateBps) / 8e6;
    this.#bytes = Math.min(this.#bytes + earned, maxBytes);
    this.#filledUs = nowUs;
  }

  /** Whether a packet may be sent. */
  get open(): boolean {
    return this.#bytes > 0;
  }

  /** What may be spent; below zero: what was spent too much. */
  get bytes(): number {
    return this.#bytes;
  }

  spend(bytes: number): void {
    this.#bytes -= bytes;
  }
}
