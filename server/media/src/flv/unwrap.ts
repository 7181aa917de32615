/**
 * Makes one growing time line out of 32-bit millisecond timestamps that wrap after 49.7 days. Shared by
 * audio and video, whose times are never far apart.
 */
export class TimestampUnwrapper {
  #last: number | undefined;

  /** Milliseconds without wrap; steps of less than 2^31 are followed in either direction. */
  unwrap(timestampMs: number): number {
    const last = this.#last;
    const time = last === undefined ? timestampMs : last + ((timestampMs - last) | 0);
    this.#last = time;
    return time;
  }
}
