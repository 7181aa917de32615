/** Frames whose distance is averaged. */
const window = 30;
/** Fewer tell no usual distance yet. */
const minIntervals = 5;
/** A picture stands from this long over the usual distance on, milliseconds; or from three times of it on. */
const graceMs = 150;

/** What was found since it was asked last. */
export interface Freezes {
  readonly freezes: number;
  readonly frozenMs: number;
}

/**
 * Finds from the times of shown frames when the picture stood, as W3C webrtc-stats defines `freezeCount`, for every way
 * of playing. Pure: times go in, milliseconds of one axis.
 */
export class FreezeMeter {
  readonly #intervals: number[] = [];
  #lastMs: number | undefined;
  /** Up to when a freeze that goes on is counted. */
  #countedMs: number | undefined;
  #freezes = 0;
  #frozenMs = 0;

  frame(atMs: number): void {
    const lastMs = this.#lastMs;
    this.#lastMs = Math.max(atMs, lastMs ?? atMs);
    if (lastMs === undefined || atMs <= lastMs) return;
    if (!this.#stands(atMs - lastMs)) {
      this.#intervals.push(atMs - lastMs);
      if (this.#intervals.length > window) this.#intervals.shift();
    } else this.#count(atMs, lastMs);
    this.#countedMs = undefined;
  }

  /** No frames are due, or none can be told of: what lies before the next one is no freeze. */
  pause(): void {
    this.#lastMs = undefined;
    this.#countedMs = undefined;
  }

  /** What was found since the last call, a freeze that goes on included. */
  take(nowMs: number): Freezes {
    const lastMs = this.#lastMs;
    if (lastMs !== undefined && this.#stands(nowMs - lastMs)) this.#count(nowMs, lastMs);
    const found = { freezes: this.#freezes, frozenMs: this.#frozenMs };
    this.#freezes = 0;
    this.#frozenMs = 0;
    return found;
  }

  #count(toMs: number, lastMs: number): void {
    if (this.#countedMs === undefined) this.#freezes++;
    this.#frozenMs += toMs - (this.#countedMs ?? lastMs);
    this.#countedMs = toMs;
  }

  #stands(intervalMs: number): boolean {
    if (this.#intervals.length < minIntervals) return false;
    const sum = this.#intervals.reduce((all, one) => all + one, 0);
    const usualMs = sum / this.#intervals.length;
    return intervalMs > Math.max(usualMs * 3, usualMs + graceMs);
  }
}
