import type { IngestLimits } from "./limits.ts";

interface Missing {
  readonly extended: number;
  readonly noticedUs: number;
  tries: number;
  askedUs: number;
}

/** What became of a packet that was missing. */
export interface Recovery {
  readonly tries: number;
  /** When it was asked for last; has a meaning when `tries` is not 0. */
  readonly askedUs: number;
}

/** The packets of one SSRC that have not come, and when to ask for them. RFC 4585 section 6.2.1. */
export class MissingPackets {
  readonly #limits: IngestLimits;
  /** By rising number. */
  readonly #entries: Missing[] = [];
  /** Entries from here on were never asked for. */
  #fresh = 0;
  #dueUs = Number.POSITIVE_INFINITY;

  constructor(limits: IngestLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** When the oldest gap was noticed; Infinity without one. */
  get oldestUs(): number {
    return this.#entries[0]?.noticedUs ?? Number.POSITIVE_INFINITY;
  }

  /** When `collect` may have something; Infinity: never. */
  get dueUs(): number {
    return this.#dueUs;
  }

  /** Notes that the numbers from `from` up to but without `end` are missing. False: there are too many now. */
  add(from: number, end: number, nowUs: number): boolean {
    if (this.#entries.length + end - from > this.#limits.maxMissing) return false;
    for (let extended = from; extended < end; extended++) {
      this.#entries.push({ extended, noticedUs: nowUs, tries: 0, askedUs: 0 });
    }
    this.#dueUs = Math.min(this.#dueUs, nowUs + this.#limits.reorderUs);
    return true;
  }

  /** A packet came after all. Undefined when it was not missing. */
  remove(extended: number): Recovery | undefined {
    const index = this.#indexOf(extended);
    const entry = this.#entries[index];
    if (entry?.extended !== extended) return undefined;
    this.#entries.splice(index, 1);
    if (index < this.#fresh) this.#fresh--;
    if (this.#entries.length === 0) this.#dueUs = Number.POSITIVE_INFINITY;
    return entry;
  }

  /** Gives up all numbers below that one, and returns how many there were. */
  dropBefore(extended: number): number {
    const count = this.#indexOf(extended);
    if (count === 0) return 0;
    this.#entries.splice(0, count);
    this.#fresh = Math.max(0, this.#fresh - count);
    if (this.#entries.length === 0) this.#dueUs = Number.POSITIVE_INFINITY;
    return count;
  }

  clear(): void {
    this.#entries.length = 0;
    this.#fresh = 0;
    this.#dueUs = Number.POSITIVE_INFINITY;
  }

  /** Adds the 16-bit numbers to ask for now to `out`. `highest` is the newest number that came. */
  collect(nowUs: number, highest: number, roundTripUs: number, out: number[]): void {
    const { reorderPackets, reorderUs, maxNackTries, minNackIntervalUs } = this.#limits;
    const fresh = this.#entries[this.#fresh];
    const isOvertaken = fresh !== undefined && highest - fresh.extended >= reorderPackets;
    if (nowUs < this.#dueUs && !isOvertaken) return;
    const intervalUs = Math.max(roundTripUs, minNackIntervalUs);
    let dueUs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#entries.length; i++) {
      const entry = this.#entries[i] as Missing;
      if (entry.tries >= maxNackTries) continue;
      const entryDueUs =
        entry.tries === 0 ? entry.noticedUs + reorderUs : entry.askedUs + intervalUs;
      const overtaken = entry.tries === 0 && highest - entry.extended >= reorderPackets;
      if (nowUs < entryDueUs && !overtaken) {
        dueUs = Math.min(dueUs, entryDueUs);
        continue;
      }
      out.push(entry.extended & 0xffff);
      entry.tries++;
      entry.askedUs = nowUs;
      if (entry.tries < maxNackTries) dueUs = Math.min(dueUs, nowUs + intervalUs);
      if (i >= this.#fresh) this.#fresh = i + 1;
    }
    this.#dueUs = dueUs;
  }

  /** Index of the first entry that is not below that number. */
  #indexOf(extended: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as Missing).extended < extended) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
