const windowUs = 2_000_000;
const defaultFramesPerSecond = 30;
const mostFramesPerSecond = 120;

/** The bit rate and frame interval of what goes in, to steer the encoder by. */
export class BitrateMeter {
  #startUs: number | undefined;
  #bytes = 0;
  #lastUs: number | undefined;
  #shortestUs: number | undefined;
  /** Over the last whole window; undefined before its end. */
  bitrateBps: number | undefined;

  /** From the shortest distance of two frames; a guess before there were two. */
  get framesPerSecond(): number {
    if (this.#shortestUs === undefined) return defaultFramesPerSecond;
    return Math.min(mostFramesPerSecond, Math.max(1, 1e6 / this.#shortestUs));
  }

  /** `dtsUs` may jump; the window that it falls in is then thrown away. */
  push(dtsUs: number, sizeBytes: number): void {
    const stepUs = dtsUs - (this.#lastUs ?? dtsUs);
    // Single microseconds only keep times in order.
    if (stepUs > 1000) this.#shortestUs = Math.min(this.#shortestUs ?? stepUs, stepUs);
    this.#lastUs = dtsUs;
    const spanUs = this.#startUs === undefined ? 0 : dtsUs - this.#startUs;
    if (this.#startUs === undefined || spanUs < 0 || spanUs > 2 * windowUs) {
      this.#begin(dtsUs);
    } else if (spanUs >= windowUs) {
      this.bitrateBps = (this.#bytes * 8e6) / spanUs;
      this.#begin(dtsUs);
    }
    this.#bytes += sizeBytes;
  }

  #begin(dtsUs: number): void {
    this.#startUs = dtsUs;
    this.#bytes = 0;
  }
}
