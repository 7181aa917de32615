const sequenceRange = 0x1_0000;
const sequenceHalf = 0x8000;
const timestampRange = 0x1_0000_0000;

/**
 * How far 16-bit sequence number `a` is ahead of `b`, -32,768 to 32,767: positive when `a` is newer.
 * A distance of exactly half the range counts as older.
 */
export function sequenceDistance(a: number, b: number): number {
  return ((a - b + sequenceHalf) & 0xffff) - sequenceHalf;
}

/** How far 32-bit RTP timestamp `a` is ahead of `b`, -2^31 to 2^31 - 1. */
export function timestampDistance(a: number, b: number): number {
  return (a - b) | 0;
}

/** Turns 16-bit sequence numbers into numbers that do not wrap. */
export class SequenceUnwrapper {
  #last: number | undefined;

  /**
   * The extended number nearest to the one before. The first one is itself; numbers that turn out to
   * be older than the first can become negative.
   */
  unwrap(sequence: number): number {
    const last = this.#last;
    const extended =
      last === undefined
        ? sequence
        : last + sequenceDistance(sequence, modulo(last, sequenceRange));
    this.#last = extended;
    return extended;
  }
}

/** Turns 32-bit RTP timestamps into numbers that do not wrap. */
export class TimestampUnwrapper {
  #last: number | undefined;

  /**
   * The extended timestamp nearest to the one before. The first one is itself; timestamps that turn
   * out to be older than the first can become negative.
   */
  unwrap(timestamp: number): number {
    const last = this.#last;
    const extended =
      last === undefined
        ? timestamp
        : last + timestampDistance(timestamp, modulo(last, timestampRange));
    this.#last = extended;
    return extended;
  }
}

function modulo(value: number, range: number): number {
  return ((value % range) + range) % range;
}
