import { housekeepingUs } from "./limits.ts";

/** Rates are of the last two seconds. */
const buckets = 8;

/** Counts frames and bytes, and says how many there are per second. */
export class RateMeter {
  readonly #bytes = new Float64Array(buckets);
  readonly #frames = new Float64Array(buckets);
  #at = 0;
  #filled = 0;
  #startedUs: number | undefined;
  /** Since it began. */
  frames = 0;
  frameRate = 0;
  bitrateBps = 0;

  count(bytes: number): void {
    this.#bytes[this.#at] = (this.#bytes[this.#at] ?? 0) + bytes;
  }

  frame(): void {
    this.frames++;
    this.#frames[this.#at] = (this.#frames[this.#at] ?? 0) + 1;
  }

  /** Call it every `housekeepingUs`. */
  turn(nowUs: number): void {
    const elapsedUs = nowUs - (this.#startedUs ?? nowUs - housekeepingUs);
    this.#startedUs ??= nowUs - housekeepingUs;
    this.#filled = Math.min(buckets, this.#filled + 1);
    const spanUs = Math.min(elapsedUs, this.#filled * housekeepingUs);
    let bytes = 0;
    let frames = 0;
    for (let i = 0; i < buckets; i++) {
      bytes += this.#bytes[i] ?? 0;
      frames += this.#frames[i] ?? 0;
    }
    if (spanUs > 0) {
      this.bitrateBps = Math.round((bytes * 8e6) / spanUs);
      this.frameRate = (frames * 1e6) / spanUs;
    }
    this.#at = (this.#at + 1) % buckets;
    this.#bytes[this.#at] = 0;
    this.#frames[this.#at] = 0;
  }
}
