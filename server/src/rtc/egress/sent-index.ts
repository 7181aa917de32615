const initialFrames = 64;
/** First sequence number, frame number, ticks, flags. */
const columns = 4;

/**
 * Which sequence numbers of one viewer carry which shared frame: the per-viewer part of the retransmission history.
 * A ring of frames, oldest first; grows by doubling up to its limit.
 */
export class SentIndex {
  readonly #maxFrames: number;
  /** Four numbers per frame side by side, for one frame of each viewer is written at a time. */
  #frames = new Float64Array(columns * initialFrames);
  #mask = initialFrames - 1;
  /** Frames noted so far; the ring holds the latest of them. */
  #count = 0;

  /** `maxFrames` must be a power of two. */
  constructor(maxFrames: number) {
    this.#maxFrames = maxFrames;
  }

  /** Notes that a frame begins at this extended sequence number. `ticks` and `flags` are the caller's. */
  note(firstSequence: number, frameNumber: number, ticks: number, flags: number): void {
    if (this.#count > this.#mask && this.#count < this.#maxFrames) this.#grow();
    const frames = this.#frames;
    const at = columns * (this.#count & this.#mask);
    frames[at] = firstSequence;
    frames[at + 1] = frameNumber;
    frames[at + 2] = ticks;
    frames[at + 3] = flags;
    this.#count++;
  }

  /** The slot of the frame that has this extended sequence number; -1 when it is too old to know. */
  find(sequence: number): number {
    const mask = this.#mask;
    let low = Math.max(0, this.#count - mask - 1);
    let high = this.#count - 1;
    if (high < low || sequence < this.firstSequence(low & mask)) return -1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.firstSequence(middle & mask) <= sequence) low = middle;
      else high = middle - 1;
    }
    return low & mask;
  }

  firstSequence(slot: number): number {
    return this.#frames[columns * slot] ?? 0;
  }

  frameNumber(slot: number): number {
    return this.#frames[columns * slot + 1] ?? 0;
  }

  ticks(slot: number): number {
    return this.#frames[columns * slot + 2] ?? 0;
  }

  flags(slot: number): number {
    return this.#frames[columns * slot + 3] ?? 0;
  }

  /** Only called when the ring is full for the first time at this size, so it is not wrapped. */
  #grow(): void {
    const frames = new Float64Array(2 * this.#frames.length);
    frames.set(this.#frames);
    this.#frames = frames;
    this.#mask = 2 * this.#mask + 1;
  }
}
