/** So many things per second, and `burst` of them at once after a pause. */
export class TokenBucket {
  readonly #perUs: number;
  readonly #burst: number;
  #tokens: number;
  #filledUs: number;

  constructor(perSecond: number, burst: number, nowUs: number) {
    this.#perUs = perSecond / 1e6;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledUs = nowUs;
  }

  /** Whether nothing is left. */
  get empty(): boolean {
    return this.#tokens < 1;
  }

  /** Takes `count` out, when there are as many. */
  take(count: number, nowUs: number): boolean {
    const earned = (nowUs - this.#filledUs) * this.#perUs;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#filledUs = nowUs;
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}
