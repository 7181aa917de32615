export interface Rate {
  /** Sustained rate, events per second; above zero. */
  readonly perSecond: number;
  /** How many may come at once; at least 1. */
  readonly burst: number;
}

/** Allows `perSecond` events on average and `burst` at once. Time is passed in: microseconds that never go back. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #lastUs: number;

  constructor(rate: Rate, nowUs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#lastUs = nowUs;
  }

  /** Takes one token; false (and takes nothing) when there is none. */
  take(nowUs: number): boolean {
    this.#refill(nowUs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Gives a token back that was taken for nothing. */
  giveBack(): void {
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + 1);
  }

  /** Milliseconds until a token will be there; 0 when there is one. */
  waitMs(nowUs: number): number {
    this.#refill(nowUs);
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * 1000) / this.#rate.perSecond);
  }

  #refill(nowUs: number): void {
    const elapsedSeconds = Math.max(0, nowUs - this.#lastUs) / 1_000_000;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + elapsedSeconds * this.#rate.perSecond);
    this.#lastUs = Math.max(this.#lastUs, nowUs);
  }
}
