import type { ByteQueue } from "./byte-queue.ts";

const smallestAllocation = 4096;

/**
 * Collects a message whose length was declared up front. Memory grows with the bytes that really
 * came, at most to twice as many, so that a peer cannot make us reserve what it only promises. A message that
 * came in one piece, with little else in it, is not copied.
 */
export class MessageBuffer {
  /** The declared length. */
  readonly length: number;
  #bytes: Uint8Array = empty;
  #filled = 0;

  constructor(length: number) {
    this.length = length;
  }

  get remaining(): number {
    return this.length - this.#filled;
  }

  get done(): boolean {
    return this.#filled === this.length;
  }

  /** Bytes of memory in use. */
  get allocatedBytes(): number {
    return this.#bytes.length;
  }

  /** The message; only when `done`. Belongs to the caller. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Takes up to `count` bytes from the queue, but no more than are missing; returns how many. */
  fill(queue: ByteQueue, count: number): number {
    const size = Math.min(count, queue.length, this.remaining);
    if (size === this.length && this.#filled === 0) {
      const whole = queue.takeWhole(size);
      if (whole !== undefined) {
        this.#bytes = whole;
        this.#filled = size;
        return size;
      }
    }
    this.#reserve(this.#filled + size, this.#filled + Math.min(queue.length, this.remaining));
    const moved = queue.readInto(this.#bytes, this.#filled, size);
    this.#filled += moved;
    return moved;
  }

  #reserve(needed: number, arrived: number): void {
    if (needed <= this.#bytes.length) return;
    const wanted = Math.max(arrived, this.#bytes.length * 2, smallestAllocation);
    const larger = new Uint8Array(Math.min(wanted, this.length));
    larger.set(this.#bytes.subarray(0, this.#filled));
    this.#bytes = larger;
  }
}

const empty = new Uint8Array(0);
