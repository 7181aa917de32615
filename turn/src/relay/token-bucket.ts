/** Limits bytes per second. Asks for the time only when it has nothing left, so at most twice the burst goes at once. */
export class TokenBucket {
  readonly #bytesPerMs: number;
  readonly #burstBytes: number;
  readonly #nowMs: () => number;
  #left: number;
  #filledMs: number;

  constructor(bytesPerSecond: number, burstSeconds: number, nowMs: () => number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#burstBytes = bytesPerSecond * burstSeconds;
    this.#nowMs = nowMs;
    this.#left = this.#burstBytes;
    this.#filledMs = nowMs();
  }

  /** False when so many bytes may not go now. */
  take(bytes: number): boolean {
    if (this.#left >= bytes) {
      this.#left -= bytes;
      return true;
    }
    const nowMs = this.#nowMs();
    const filled = this.#left + (nowMs - this.#filledMs) * this.#bytesPerMs;
    this.#left = Math.min(this.#burstBytes, filled);
    this.#filledMs = nowMs;
    if (this.#left < bytes) return false;
    this.#left -= bytes;
    return true;
  }
}
