import type { Fmp4Run, Fmp4Sample } from "@millrace/media/fmp4";
import { type Frame, usToTicks } from "@millrace/media/frame";
import type { PreparedVideo } from "./prepared.ts";

/** What a frame is thought to last before there are two of them; and the longest that is thought. */
const firstIntervalUs = 33_333;
const maxIntervalUs = 1_000_000;

/** The video frames of the part that is being filled. */
export class VideoRun {
  readonly #prepared: PreparedVideo;
  #frames: Frame[] = [];
  /** Decoding times of `#frames`, in ticks. */
  #ticks: number[] = [];
  #lastTicks = -1;
  #lastUs = 0;
  #intervalUs = firstIntervalUs;
  #started = false;
  #shiftUs = 0;

  constructor(prepared: PreparedVideo) {
    this.#prepared = prepared;
  }

  get length(): number {
    return this.#frames.length;
  }

  /** Decoding time of the last frame, also when its part was taken already. */
  get lastUs(): number {
    return this.#lastUs;
  }

  /** Where the last frame ends if it lasts as long as the one before it. */
  get probableEndUs(): number {
    return this.#started ? this.#lastUs + this.#intervalUs : Number.NEGATIVE_INFINITY;
  }

  /** How much later than it is decoded the group's key frame is shown. */
  get shiftUs(): number {
    return this.#shiftUs;
  }

  /** Times that do not increase are made to. */
  push(frame: Frame): void {
    if (this.#started && frame.dtsUs > this.#lastUs) {
      this.#intervalUs = Math.min(frame.dtsUs - this.#lastUs, maxIntervalUs);
    }
    this.#started = true;
    this.#lastUs = frame.dtsUs;
    this.#lastTicks = Math.max(this.#ticksOf(frame.dtsUs), this.#lastTicks + 1);
    if (frame.key) this.#shiftUs = Math.max(0, frame.ptsUs - frame.dtsUs);
    this.#frames.push(frame);
    this.#ticks.push(this.#lastTicks);
  }

  /** All frames; the last one lasts until `endUs`. Undefined when there is none. */
  take(endUs: number): Fmp4Run | undefined {
    const [decodeTime] = this.#ticks;
    if (decodeTime === undefined) return undefined;
    const ticks = this.#ticks;
    const end = Math.max(this.#ticksOf(endUs), this.#lastTicks + 1);
    const samples = this.#frames.map(
      (frame, index): Fmp4Sample => ({
        duration: (ticks[index + 1] ?? end) - (ticks[index] ?? 0),
        compositionOffset: Math.max(0, this.#ticksOf(frame.ptsUs) - this.#ticksOf(frame.dtsUs)),
        key: frame.key,
        payload: frame.payload,
      }),
    );
    this.#frames = [];
    this.#ticks = [];
    return { track: this.#prepared.track, decodeTime, samples };
  }

  #ticksOf(us: number): number {
    return usToTicks(us, this.#prepared.track.timescale);
  }
}
