/** Between these two neighbours in time nothing can be compared: a clock was set. */
const clockJumpUs = 3_000_000;
/** Packets that a link held back and gave out together belong to one group, up to this length. */
const maxBurstUs = 100_000;

/**
 * Inter-arrival times of groups of packets: GCC sections 5.1 and 5.2. Packets are given in the order of sending; one that is told
 * later than its group is left out. A group that overtook another counts like any: its delay is as true, and leaving it out would
 * make the delay seem to grow.
 */
export class PacketGroups {
  readonly #burstUs: number;
  /** `NaN`: there is no group. */
  #firstSentUs = Number.NaN;
  #sentUs = 0;
  #firstArrivalUs = 0;
  #arrivalUs = 0;
  /** The complete group before; `NaN`: none. */
  #beforeSentUs = Number.NaN;
  #beforeArrivalUs = 0;
  /** Of the latest two complete groups, after `add` said so. */
  sentDeltaUs = 0;
  arrivalDeltaUs = 0;
  /** When the latest complete group had arrived. */
  groupArrivalUs = 0;

  constructor(burstUs: number) {
    this.#burstUs = burstUs;
  }

  /** True: a group is complete and can be compared with the one before. */
  add(sentUs: number, arrivalUs: number): boolean {
    if (Number.isNaN(this.#firstSentUs)) {
      this.#begin(sentUs, arrivalUs);
      return false;
    }
    if (sentUs < this.#firstSentUs) return false;
    if (this.#belongs(sentUs, arrivalUs)) {
      this.#sentUs = Math.max(this.#sentUs, sentUs);
      this.#arrivalUs = Math.max(this.#arrivalUs, arrivalUs);
      return false;
    }
    const compared = this.#compare();
    this.#beforeSentUs = this.#sentUs;
    this.#beforeArrivalUs = this.#arrivalUs;
    this.#begin(sentUs, arrivalUs);
    return compared;
  }

  /** The next packet begins anew: what came before is not compared with it. */
  reset(): void {
    this.#firstSentUs = Number.NaN;
    this.#beforeSentUs = Number.NaN;
  }

  #begin(sentUs: number, arrivalUs: number): void {
    this.#firstSentUs = sentUs;
    this.#sentUs = sentUs;
    this.#firstArrivalUs = arrivalUs;
    this.#arrivalUs = arrivalUs;
  }

  #belongs(sentUs: number, arrivalUs: number): boolean {
    if (sentUs - this.#firstSentUs <= this.#burstUs) return true;
    const arrivalDeltaUs = arrivalUs - this.#arrivalUs;
    return (
      arrivalDeltaUs >= 0 &&
      arrivalDeltaUs < sentUs - this.#sentUs &&
      arrivalDeltaUs <= this.#burstUs &&
      arrivalUs - this.#firstArrivalUs < maxBurstUs
    );
  }

  #compare(): boolean {
    if (Number.isNaN(this.#beforeSentUs)) return false;
    this.sentDeltaUs = this.#sentUs - this.#beforeSentUs;
    this.arrivalDeltaUs = this.#arrivalUs - this.#beforeArrivalUs;
    this.groupArrivalUs = this.#arrivalUs;
    if (Math.abs(this.arrivalDeltaUs - this.sentDeltaUs) > clockJumpUs) {
      this.reset();
      return false;
    }
    return true;
  }
}
