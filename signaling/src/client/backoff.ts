/** How long to wait before the next attempt: doubles each time, with jitter, so that clients do not return as one. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #attempts = 0;

  /** Waits lie between half and all of `minMs`, `2 * minMs`, … `maxMs`. `random` gives 0 to 1. */
  constructor(minMs: number, maxMs: number, random: () => number = Math.random) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const fullMs = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return Math.round(fullMs * (0.5 + this.#random() / 2));
  }

  /** An attempt succeeded. */
  reset(): void {
    this.#attempts = 0;
  }
}
