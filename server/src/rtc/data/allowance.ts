/** An amount that grows by `perSecond` up to as much, and is used up. */
export class Allowance {
  readonly #perSecond: number;
  #left: number;
  #sinceUs: number | undefined;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  /** Takes `amount` when there is as much; false and nothing taken otherwise. */
  take(amount: number, nowUs: number): boolean {
    const elapsedUs = Math.max(0, nowUs - (this.#sinceUs ?? nowUs));
    this.#sinceUs = nowUs;
    this.#left = Math.min(this.#perSecond, this.#left + (this.#perSecond * elapsedUs) / 1_000_000);
    if (this.#left < amount) return false;
    this.#left -= amount;
    return true;
  }
}
