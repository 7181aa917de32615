import { usToTicks } from "@millrace/media/frame";

/** Times that differ more than this from where the sound before ended are a gap, not jitter. Milliseconds. */
const snapMs = 60;
/** Which part of the difference is made up for with each frame. */
const slewShift = 5;

/**
 * Puts audio frames end to end. Publishers' times are rounded (RTMP to milliseconds) and the stream's
 * clock is slewed; a player would hear each gap, so small differences are made up for slowly.
 */
export class AudioTimes {
  readonly #timescale: number;
  readonly #snapTicks: number;
  #next: number | undefined;

  /** Ticks per second, the sample rate. */
  constructor(timescale: number) {
    this.#timescale = timescale;
    this.#snapTicks = usToTicks(snapMs * 1000, timescale);
  }

  /**
   * Where a frame of so many ticks begins, in ticks; never before the end of the frame before it.
   * Undefined when that end is so far ahead that the frame must be left out, or when time was not yet.
   */
  place(ptsUs: number, lengthTicks: number): number | undefined {
    const wanted = usToTicks(ptsUs, this.#timescale);
    if (wanted < 0) return undefined;
    const next = this.#next ?? wanted;
    const difference = wanted - next;
    if (difference < -this.#snapTicks) return undefined;
    let at = wanted;
    if (difference <= this.#snapTicks) {
      // A frame that is early is moved nearer only as long as it does not begin before the other's end.
      at = difference > 0 ? next + (difference >> slewShift) : next;
    }
    this.#next = at + lengthTicks;
    return at;
  }
}
