import type { Clock, Timer } from "./ports.ts";

/** Between two readings of a counter. Rates are of the time since the reading before the last one. Milliseconds. */
export const sampleMs = 3000;
/** Counters are read in so many turns, so that nothing waits for all of them. */
const turns = 30;
/** A rate over less than this says nothing. Milliseconds. */
const minSpanMs = 500;

/** The rate of one counter. Whoever asked for it closes it. */
export interface BitrateMeter {
  /** Bits per second over the last 3 to 6 seconds, or since the beginning; undefined for the first half second. */
  readonly bitrateBps: number | undefined;
  /** May be called twice. */
  close(): void;
}

interface Reading {
  bytes: number;
  us: number;
}

interface Metered {
  readonly read: () => number;
  before: Reading;
  last: Reading;
}

/** How fast counters of bytes grow, with one timer for all of them. */
export class Bitrates {
  readonly #clock: Clock;
  readonly #turns: readonly Set<Metered>[] = Array.from({ length: turns }, () => new Set());
  #size = 0;
  #turn = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many counters are read. */
  get size(): number {
    return this.#size;
  }

  /** Follows a counter that is 0 now. */
  meter(read: () => number): BitrateMeter {
    const start = { bytes: 0, us: this.#clock.nowUs() };
    const metered: Metered = { read, before: start, last: start };
    // The turn that was over last: it comes again when the rest have had theirs.
    const turn = this.#turns[this.#turn] ?? new Set();
    turn.add(metered);
    this.#size++;
    this.#timer ??= this.#next();
    const clock = this.#clock;
    return {
      get bitrateBps(): number | undefined {
        const { bytes, us } = metered.before;
        const spanUs = clock.nowUs() - us;
        if (spanUs < minSpanMs * 1000) return undefined;
        return Math.round((Math.max(0, metered.read() - bytes) * 8_000_000) / spanUs);
      },
      close: () => {
        if (!turn.delete(metered)) return;
        this.#size--;
        if (this.#size === 0) this.close();
      },
    };
  }

  /** Reads no more; meters stay as they are. May be called twice. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #next(): Timer {
    return this.#clock.after(sampleMs / turns, () => {
      this.#turn = (this.#turn + 1) % turns;
      const us = this.#clock.nowUs();
      for (const metered of this.#turns[this.#turn] ?? []) {
        metered.before = metered.last;
        metered.last = { bytes: metered.read(), us };
      }
      this.#timer = this.#size > 0 ? this.#next() : undefined;
    });
  }
}
