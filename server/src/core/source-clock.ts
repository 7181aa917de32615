import { ClockDrift } from "./clock-drift.ts";

/** A frame cannot come before it was made, so the lowest delay seen in this time is taken as the truth. */
const windowUs = 2_000_000;
/** How much of a growing delay is followed per window: 0.25 %, which no ear or eye notices. */
const maxSlewUs = 5_000;
/** A delay that stays this much higher for a whole window is followed at once. */
const stepUs = 250_000;
/** A frame that is this late, or runs this far backwards, belongs to a new time line. */
const maxLatenessUs = 5_000_000;
const maxBackwardsUs = 1_000_000;
/** After a jump, the other track's frames of the old time line may still come for this long. */
const oldTimelineUs = 1_000_000;

/**
 * Maps an encoder's time line to the stream's own, which follows our clock: drift is slewed away,
 * jumps and restarts are re-anchored to the moment of arrival, and a late burst stays late instead
 * of being stretched. Shared by all tracks of one publisher so that they stay in step.
 */
export class SourceClock {
  #offsetUs: number | undefined;
  #windowEndUs = 0;
  #windowMinUs = Number.POSITIVE_INFINITY;
  #oldOffsetUs = 0;
  #oldUntilUs = Number.NEGATIVE_INFINITY;
  #newestUs = 0;
  /** How the encoder's clock goes, on its present time line. */
  readonly drift: ClockDrift = new ClockDrift();
  /** How often the time line was re-anchored since the first frame. */
  reanchored = 0;

  /** Highest encoder time on the present time line; undefined before the first frame. Microseconds. */
  get newestUs(): number | undefined {
    return this.#offsetUs === undefined ? undefined : this.#newestUs;
  }

  /**
   * The offset to add to a frame's encoder times. All microseconds; `arrivalUs` on the stream's clock.
   * Call once per frame with its decoding time, in order of arrival.
   */
  offsetFor(encoderUs: number, arrivalUs: number): number {
    const delay = arrivalUs - encoderUs;
    if (this.#offsetUs === undefined) {
      this.#anchor(delay, encoderUs, arrivalUs);
      return delay;
    }
    if (arrivalUs < this.#oldUntilUs && this.#fitsOldTimeline(delay)) return this.#oldOffsetUs;
    const lateness = delay - this.#offsetUs;
    const backwards = this.#newestUs - encoderUs;
    if (
      lateness > maxLatenessUs ||
      backwards > maxBackwardsUs ||
      lateness < -maxLatenessUs // the encoder's clock jumped ahead
    ) {
      this.#oldOffsetUs = this.#offsetUs;
      this.#oldUntilUs = arrivalUs + oldTimelineUs;
      this.reanchored++;
      this.#anchor(delay, encoderUs, arrivalUs);
      return delay;
    }
    if (encoderUs > this.#newestUs) this.#newestUs = encoderUs;
    this.drift.push(delay, arrivalUs);
    this.#follow(delay, arrivalUs);
    return this.#offsetUs;
  }

  #anchor(delay: number, encoderUs: number, arrivalUs: number): void {
    this.#offsetUs = delay;
    this.drift.restart();
    this.#newestUs = encoderUs;
    this.#windowEndUs = arrivalUs + windowUs;
    this.#windowMinUs = delay;
  }

  #fitsOldTimeline(delay: number): boolean {
    const lateness = delay - this.#oldOffsetUs;
    return lateness > -oldTimelineUs && lateness < oldTimelineUs;
  }

  #follow(delay: number, arrivalUs: number): void {
    const offset = this.#offsetUs ?? delay;
    if (delay < offset) this.#offsetUs = delay;
    if (delay < this.#windowMinUs) this.#windowMinUs = delay;
    if (arrivalUs < this.#windowEndUs) return;
    const error = this.#windowMinUs - (this.#offsetUs ?? delay);
    if (error > stepUs) this.#offsetUs = this.#windowMinUs;
    else if (error > 0) this.#offsetUs = (this.#offsetUs ?? delay) + Math.min(error, maxSlewUs);
    this.#windowEndUs = arrivalUs + windowUs;
    this.#windowMinUs = Number.POSITIVE_INFINITY;
  }
}
