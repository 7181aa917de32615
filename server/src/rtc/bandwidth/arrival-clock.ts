/** The reference time of transport-cc feedback has 24 bits of 64 ms each: it begins anew every 12.4 days. */
export const referenceRangeUs: number = 2 ** 24 * 64_000;

/** Turns arrival times, which wrap with their reference time, into times that do not. */
export class ArrivalClock {
  #last: number | undefined;

  /** The time nearest to the one before; the first one is itself. Microseconds of an arbitrary epoch. */
  unwrap(arrivalUs: number): number {
    const last = this.#last;
    if (last === undefined) {
      this.#last = arrivalUs;
      return arrivalUs;
    }
    const half = referenceRangeUs / 2;
    const ahead = (arrivalUs - last) % referenceRangeUs;
    const distance =
      ahead >= half ? ahead - referenceRangeUs : ahead < -half ? ahead + referenceRangeUs : ahead;
    this.#last = last + distance;
    return this.#last;
  }
}
