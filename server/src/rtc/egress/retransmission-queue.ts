/** Sequence numbers that wait to be sent again. */
const maxQueued = 512;
/** Sequence numbers whose last answer is remembered. */
const remembered = 1024;

/** Which packets to send again and when each was sent last. Bounded; allocates nothing until the first loss. */
export class RetransmissionQueue {
  #queue: Float64Array | undefined;
  #known: Float64Array | undefined;
  /** When it was sent again; infinite while it waits. */
  #answeredUs: Float64Array | undefined;
  #head = 0;
  #size = 0;
  /** Requests not followed because the packet waits already or was sent again a moment before. */
  suppressed = 0;
  /** Requests dropped because too many waited. */
  dropped = 0;

  get size(): number {
    return this.#size;
  }

  /** Queues a packet unless it waits or was sent again less than `minGapUs` ago. Returns whether it was asked for the first time. */
  request(extendedSequence: number, nowUs: number, minGapUs: number): boolean {
    this.#queue ??= new Float64Array(maxQueued);
    this.#known ??= new Float64Array(remembered).fill(-1);
    this.#answeredUs ??= new Float64Array(remembered);
    const slot = extendedSequence % remembered;
    const again = this.#known[slot] === extendedSequence;
    if (again && nowUs - (this.#answeredUs[slot] ?? 0) < minGapUs) {
      this.suppressed++;
      return false;
    }
    this.#known[slot] = extendedSequence;
    if (this.#size === maxQueued) {
      this.dropped++;
      this.#answeredUs[slot] = Number.NEGATIVE_INFINITY;
      return !again;
    }
    this.#answeredUs[slot] = Number.POSITIVE_INFINITY;
    this.#queue[(this.#head + this.#size) % maxQueued] = extendedSequence;
    this.#size++;
    return !again;
  }

  /** Takes the oldest out, to be sent now; -1 when none waits. */
  shift(nowUs: number): number {
    if (this.#size === 0) return -1;
    const sequence = this.#queue?.[this.#head] ?? -1;
    this.#head = (this.#head + 1) % maxQueued;
    this.#size--;
    const slot = sequence % remembered;
    if (this.#answeredUs !== undefined && this.#known?.[slot] === sequence) {
      this.#answeredUs[slot] = nowUs;
    }
    return sequence;
  }

  clear(): void {
    this.#size = 0;
    this.#known?.fill(-1);
  }
}
