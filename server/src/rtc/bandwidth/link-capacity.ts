/** Weight of a new measurement. */
const weight = 0.05;
/** Bounds of the spread, relative to the square root of the rate in kbit/s. */
const minSpread = 0.4;
const maxSpread = 2.5;
const bound = 3;

/**
 * Mean and spread of the throughput seen at overuse: near it the estimate grows slowly. GCC section 5.5, "the average max bitrate".
 */
export class LinkCapacity {
  #meanKbps: number | undefined;
  #spread = minSpread;

  /** Bits per second; undefined: not known. */
  get meanBps(): number | undefined {
    return this.#meanKbps === undefined ? undefined : this.#meanKbps * 1000;
  }

  get upperBps(): number {
    return this.#meanKbps === undefined
      ? Number.POSITIVE_INFINITY
      : (this.#meanKbps + this.#deviationKbps) * 1000;
  }

  get lowerBps(): number {
    return this.#meanKbps === undefined
      ? 0
      : Math.max(0, this.#meanKbps - this.#deviationKbps) * 1000;
  }

  /** The link was full while so much arrived. */
  measured(rateBps: number): void {
    const kbps = rateBps / 1000;
    const before = this.#meanKbps;
    const mean = before === undefined ? kbps : before + weight * (kbps - before);
    this.#meanKbps = mean;
    const error = ((mean - kbps) * (mean - kbps)) / Math.max(mean, 1);
    const spread = (1 - weight) * this.#spread + weight * error;
    this.#spread = Math.max(minSpread, Math.min(spread, maxSpread));
  }

  forget(): void {
    this.#meanKbps = undefined;
  }

  get #deviationKbps(): number {
    return bound * Math.sqrt(this.#spread * (this.#meanKbps ?? 0));
  }
}
