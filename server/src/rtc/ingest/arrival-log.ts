import { sequenceDistance, type TransportCcPacket, writeTransportCc } from "@millrace/media/rtp";

/** Arrivals that are remembered; a power of two. */
const capacity = 2048;
const mask = capacity - 1;
/** A number this far ahead or behind belongs to a sequence that begins anew. */
const maxJump = 1000;
/** A packet that comes after it was reported missing is reported after all, unless it is this far behind. */
const maxBehind = 500;
const maxPacketsPerFeedback = 1000;
/** The format's longest time between two arrivals in one packet is 8.19 s. */
const maxDeltaUs = 8_000_000;
const origin = 0x10000;

export interface ArrivalLogOptions {
  /** Longest wait of an arrival for its report, microseconds. */
  readonly intervalUs: number;
  /** Most arrivals that wait. */
  readonly maxPackets: number;
}

/**
 * What transport-wide feedback says about one peer: when each packet arrived, all SSRCs together.
 * draft-holmer-rmcat-transport-wide-cc-extensions-01.
 */
export class ArrivalLog {
  readonly #options: ArrivalLogOptions;
  readonly #arrivals = new Float64Array(capacity);
  /** Which number without wraps each place belongs to. */
  readonly #numbers = new Float64Array(capacity).fill(-1);
  #highest = -1;
  /** The first number that the next feedback reports on. */
  #base = 0;
  #waiting = 0;
  #dueUs = Number.POSITIVE_INFINITY;
  #suspect = -1;
  #feedbackCount = 0;
  #mediaSsrc = 0;
  /** Feedback packets written. */
  feedbacks = 0;

  constructor(options: ArrivalLogOptions) {
    this.#options = options;
  }

  /** When to call `write`; Infinity: never. */
  get dueUs(): number {
    return this.#dueUs;
  }

  /** A packet with this 16-bit transport-wide number arrived. */
  note(sequence: number, mediaSsrc: number, nowUs: number): void {
    if (this.#highest < 0) this.#begin(sequence);
    const ahead = sequenceDistance(sequence, this.#highest & 0xffff);
    let extended = this.#highest + ahead;
    if (ahead > maxJump || ahead < -maxJump) {
      const isRestart = sequence === ((this.#suspect + 1) & 0xffff) && this.#suspect >= 0;
      this.#suspect = sequence;
      if (!isRestart) return;
      this.#begin(sequence);
      extended = this.#highest;
    }
    this.#suspect = -1;
    const index = extended & mask;
    if (this.#numbers[index] === extended) return;
    if (extended < this.#base) {
      if (extended < this.#highest - maxBehind) return;
      this.#base = extended;
    }
    this.#numbers[index] = extended;
    this.#arrivals[index] = nowUs;
    this.#mediaSsrc = mediaSsrc;
    if (extended > this.#highest) this.#highest = extended;
    this.#waiting++;
    if (this.#waiting === 1) this.#dueUs = nowUs + this.#options.intervalUs;
    if (this.#waiting >= this.#options.maxPackets) this.#dueUs = nowUs;
  }

  /** The next feedback packet; undefined when all arrivals are reported. Call it until then. */
  write(senderSsrc: number): Uint8Array | undefined {
    if (this.#waiting === 0) return undefined;
    const packets: TransportCcPacket[] = [];
    let last = 0;
    let lastUs = Number.NaN;
    const end = Math.min(this.#highest, this.#base + maxPacketsPerFeedback - 1);
    for (let extended = this.#base; extended <= end; extended++) {
      const index = extended & mask;
      const isHere = this.#numbers[index] === extended;
      const arrivalUs = isHere ? (this.#arrivals[index] ?? 0) : undefined;
      if (arrivalUs !== undefined && Math.abs(arrivalUs - lastUs) > maxDeltaUs) break;
      packets.push({ sequence: extended & 0xffff, arrivalUs });
      if (arrivalUs === undefined) continue;
      lastUs = arrivalUs;
      last = packets.length;
    }
    this.#base += last === 0 ? packets.length : last;
    if (this.#base > this.#highest) {
      this.#waiting = 0;
      this.#dueUs = Number.POSITIVE_INFINITY;
    }
    if (last === 0) return this.write(senderSsrc);
    packets.length = last;
    this.feedbacks++;
    const feedbackCount = this.#feedbackCount;
    this.#feedbackCount = (feedbackCount + 1) & 0xff;
    return writeTransportCc({ senderSsrc, mediaSsrc: this.#mediaSsrc, feedbackCount, packets });
  }

  #begin(sequence: number): void {
    this.#highest = origin + sequence;
    this.#base = this.#highest;
    this.#numbers.fill(-1);
  }
}
