/**
 * RTCP datagrams of one peer that are looked at in a second, and at once after a silence; the rest is refused unopened. A
 * browser sends some 20, and 50 more while packets are missing.
 */
export const maxRtcpPerSecond = 400;

/** Keeps a peer that floods, or somebody who sends in its name, from costing more than it may. */
export class RtcpAllowance {
  readonly #perSecond: number;
  #left: number;
  #sinceUs = 0;

  constructor(perSecond: number = maxRtcpPerSecond) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  /** Whether one more may be looked at now. */
  take(nowUs: number): boolean {
    const gained = (this.#perSecond * Math.max(0, nowUs - this.#sinceUs)) / 1_000_000;
    this.#sinceUs = nowUs;
    this.#left = Math.min(this.#perSecond, this.#left + gained);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
