const initialFrames = 64;

/**
 * Which sequence numbers of one viewer carry which shared frame: the per-viewer part of the retransmission history.
 * A ring of frames, oldest first; grows by doubling up to its limit.
 */
export class SentIndex {
  readonly #maxFrames: number;
  #firstSequences = new Float64Array(initialFrames);
  #numbers = new Float64Array(initialFrames);
  #ticks = new Float64Array(initialFrames);
  #flags = new Uint8Array(initialFrames);
  /** Frames noted so far; the ring holds the latest of them. */
  #count = 0;

  /** `maxFrames` must be a power of two. */
  constructor(maxFrames: number) {
    this.#maxFrames = maxFrames;
  }

  /** Notes that a frame begins at this extended sequence number. `ticks` and `flags` are the caller's. */
  note(firstSequence: number, frameNumber: number, ticks: number, flags: number): void {
    if (this.#count === this.#numbers.length && this.#count < this.#maxFrames) this.#grow();
    const slot = this.#count & (this.#numbers.length - 1);
    this.#firstSequences[slot] = firstSequence;
    this.#numbers[slot] = frameNumber;
    this.#ticks[slot] = ticks;
    this.#flags[slot] = flags;
    this.#count++;
  }

  /** The slot of the frame that has this extended sequence number; -1 when it is too old to know. */
  find(sequence: number): number {
    const mask = this.#numbers.length - 1;
    let low = Math.max(0, this.#count - this.#numbers.length);
    let high = this.#count - 1;
    if (high < low || sequence < (this.#firstSequences[low & mask] ?? 0)) return -1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#firstSequences[middle & mask] ?? 0) <= sequence) low = middle;
      else high = middle - 1;
    }
    return low & mask;
  }

  firstSequence(slot: number): number {
    return this.#firstSequences[slot] ?? 0;
  }

  frameNumber(slot: number): number {
    return this.#numbers[slot] ?? 0;
  }

  ticks(slot: number): number {
    return this.#ticks[slot] ?? 0;
  }

  flags(slot: number): number {
    return this.#flags[slot] ?? 0;
  }

  /** Only called when the ring is full for the first time at this size, so it is not wrapped. */
  #grow(): void {
    const size = this.#numbers.length * 2;
    this.#firstSequences = grown(this.#firstSequences, new Float64Array(size));
    this.#numbers = grown(this.#numbers, new Float64Array(size));
    this.#ticks = grown(this.#ticks, new Float64Array(size));
    this.#flags = grown(this.#flags, new Uint8Array(size));
  }
}

function grown<T extends Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
