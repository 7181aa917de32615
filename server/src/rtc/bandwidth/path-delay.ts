const periodUs = 20_000_000;
/** No queue is so long: the receiver's clock was set. */
const clockJumpUs = 3_000_000;

/** The smallest of the latest one to two periods. */
class RecentMinimum {
  #startUs = Number.NEGATIVE_INFINITY;
  #now = Number.POSITIVE_INFINITY;
  #before = Number.POSITIVE_INFINITY;

  get value(): number {
    return Math.min(this.#now, this.#before);
  }

  add(value: number, nowUs: number): void {
    if (nowUs - this.#startUs > periodUs) {
      this.#before = nowUs - this.#startUs > 2 * periodUs ? Number.POSITIVE_INFINITY : this.#now;
      this.#now = value;
      this.#startUs = nowUs;
    }
    this.#now = Math.min(this.#now, value);
  }

  clear(): void {
    this.#startUs = Number.NEGATIVE_INFINITY;
    this.#now = Number.POSITIVE_INFINITY;
    this.#before = Number.POSITIVE_INFINITY;
  }
}

/** Round trip, and the delay that queues add to the path's own, from what each feedback shows. */
export class PathDelay {
  readonly #standingUs: number;
  #standsSinceUs = Number.NaN;
  readonly #oneWay = new RecentMinimum();
  readonly #roundTrip = new RecentMinimum();
  #shortestUs = Number.POSITIVE_INFINITY;
  #reportedUs: number | undefined;
  /** Packets wait in the link: those of the latest feedback took so much longer than the path's own delay. */
  queued = false;

  /** From `standingUs` of additional delay on packets are said to wait. */
  constructor(standingUs: number) {
    this.#standingUs = standingUs;
  }

  /** Reported by RTCP where there is a report, otherwise what feedback takes at least; undefined before either. */
  get roundTripUs(): number | undefined {
    if (this.#reportedUs !== undefined) return this.#reportedUs;
    const shortest = this.#roundTrip.value;
    return shortest === Number.POSITIVE_INFINITY ? undefined : shortest;
  }

  reported(roundTripUs: number): void {
    this.#reportedUs = roundTripUs;
  }

  /** A packet of the feedback that came at `nowUs`. The clocks of `sentUs` and `arrivalUs` need not agree. */
  packet(sentUs: number, arrivalUs: number, nowUs: number): void {
    this.#shortestUs = Math.min(this.#shortestUs, arrivalUs - sentUs);
    this.#roundTrip.add(nowUs - sentUs, nowUs);
  }

  /** The feedback's packets were all given. */
  feedback(nowUs: number): void {
    if (this.#shortestUs === Number.POSITIVE_INFINITY) return;
    if (this.#shortestUs - this.#oneWay.value > clockJumpUs) this.#oneWay.clear();
    this.#oneWay.add(this.#shortestUs, nowUs);
    this.queued = this.#shortestUs - this.#oneWay.value > this.#standingUs;
    this.#shortestUs = Number.POSITIVE_INFINITY;
    if (!this.queued) this.#standsSinceUs = Number.NaN;
    else if (Number.isNaN(this.#standsSinceUs)) this.#standsSinceUs = nowUs;
  }

  /** The queue has lasted for so long; begins to count anew when the answer is yes. */
  stands(forUs: number, nowUs: number): boolean {
    if (!(nowUs - this.#standsSinceUs >= forUs)) return false;
    this.#standsSinceUs = nowUs;
    return true;
  }
}
