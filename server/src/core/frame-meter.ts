/** Steps of the encoder's time that are none of a steady track: a jump, or a pause. */
const maxStepUs = 5_000_000;
/** Weight of the newest frame, as RFC 3550 section 6.4.1 has it. */
const share = 1 / 16;

/** What the frames of one track tell of the encoder and of the way here. Costs a few additions for each. */
export class FrameMeter {
  #frames = 0;
  #jitterUs = 0;
  #stepUs = 0;
  #deviationUs = 0;
  #arrivedUs: number | undefined;
  #dtsUs = 0;
  #keyArrivedUs: number | undefined;

  /** Frames since the publisher began. */
  get frames(): number {
    return this.#frames;
  }

  /** RFC 3550 section 6.4.1, of frames: how unevenly they arrive, compared with their times. Microseconds. */
  get jitterUs(): number {
    return this.#jitterUs;
  }

  /** How much the times between frames differ from their mean, as a part of it: 0 is a constant frame rate. */
  get unevenness(): number {
    return this.#stepUs > 0 ? this.#deviationUs / this.#stepUs : 0;
  }

  /** When the newest frame came; undefined before the first. */
  get arrivedUs(): number | undefined {
    return this.#arrivedUs;
  }

  /** When the newest key frame came; undefined before the first. */
  get keyArrivedUs(): number | undefined {
    return this.#keyArrivedUs;
  }

  /** Decoding time of the newest frame on the encoder's clock. */
  get dtsUs(): number {
    return this.#dtsUs;
  }

  /** Takes the next frame in decoding order. Microseconds. */
  frame(dtsUs: number, arrivedUs: number, key: boolean): void {
    const step = dtsUs - this.#dtsUs;
    if (this.#arrivedUs !== undefined && step > 0 && step < maxStepUs) {
      const late = Math.abs(arrivedUs - this.#arrivedUs - step);
      this.#jitterUs += (late - this.#jitterUs) * share;
      if (this.#stepUs === 0) this.#stepUs = step;
      this.#deviationUs += (Math.abs(step - this.#stepUs) - this.#deviationUs) * share;
      this.#stepUs += (step - this.#stepUs) * share;
    }
    this.#frames++;
    this.#dtsUs = dtsUs;
    this.#arrivedUs = arrivedUs;
    if (key) this.#keyArrivedUs = arrivedUs;
  }
}
