/** One exchange of `clock`: when it left and came back by our clock, when it came and left by the server's. Milliseconds. */
export interface ClockExchange {
  readonly sentMs: number;
  readonly serverReceivedMs: number;
  readonly serverSentMs: number;
  readonly receivedMs: number;
}

/** How the server's wall clock relates to ours: server time = our time + `offsetMs`, give or take `errorMs`. */
export interface ClockOffset {
  readonly offsetMs: number;
  /** Half the round trip of the exchange that decided: the offset cannot be further off, whatever the network's asymmetry. */
  readonly errorMs: number;
  /** Round trip of the exchange that decided, without the server's own time. */
  readonly roundTripMs: number;
}

interface Sample extends ClockOffset {
  readonly atMs: number;
}

const defaultWindow = 24;

/** Clocks drift apart by this much at worst (100 ppm): an older sample is that much less certain. */
const driftPerMs = 0.0001;

/**
 * Estimates the clock offset from several exchanges (RFC 5905 section 8): the one with the shortest round trip
 * is the most certain, and gets less so as it ages.
 */
export class ClockEstimator {
  readonly #window: number;
  #samples: Sample[] = [];

  /** Keeps the last `window` exchanges. */
  constructor(window: number = defaultWindow) {
    this.#window = window;
  }

  /** Takes one exchange and gives the best estimate now; an exchange that runs backwards is ignored. */
  add(exchange: ClockExchange): ClockOffset | undefined {
    const { sentMs, serverReceivedMs, serverSentMs, receivedMs } = exchange;
    const roundTripMs = receivedMs - sentMs - (serverSentMs - serverReceivedMs);
    if (!(roundTripMs >= 0 && serverSentMs >= serverReceivedMs)) return this.best(receivedMs);
    const sample: Sample = {
      offsetMs: (serverReceivedMs - sentMs + (serverSentMs - receivedMs)) / 2,
      errorMs: roundTripMs / 2,
      roundTripMs,
      atMs: receivedMs,
    };
    // A sample that contradicts an older one means that a clock was set: nothing older is worth anything.
    if (this.#samples.some((older) => !agree(older, sample))) this.#samples = [];
    this.#samples.push(sample);
    if (this.#samples.length > this.#window) this.#samples.shift();
    return this.best(receivedMs);
  }

  /** The most certain estimate at `nowMs` of our clock; undefined before the first exchange. */
  best(nowMs: number): ClockOffset | undefined {
    let best: ClockOffset | undefined;
    for (const { offsetMs, errorMs, roundTripMs, atMs } of this.#samples) {
      const agedErrorMs = errorMs + Math.abs(nowMs - atMs) * driftPerMs;
      if (best === undefined || agedErrorMs <= best.errorMs) {
        best = { offsetMs, errorMs: agedErrorMs, roundTripMs };
      }
    }
    return best;
  }
}

function agree(older: Sample, newer: Sample): boolean {
  const toleranceMs =
    older.errorMs + newer.errorMs + Math.abs(newer.atMs - older.atMs) * driftPerMs + 1;
  return Math.abs(older.offsetMs - newer.offsetMs) <= toleranceMs;
}
