/** How far behind the newest packet one may come and still be told from a replay. RFC 3711 section 3.3.2 asks for 64 at least. */
export const replayWindowPackets = 1024;

/** Remembers which packet indexes were seen. RFC 3711 section 3.3.2. */
export class ReplayWindow {
  #highest = -1;
  readonly #seen = new Uint32Array(replayWindowPackets / 32);

  /** The highest index seen, -1 before the first. */
  get highest(): number {
    return this.#highest;
  }

  /** True when this index may be new: neither seen nor too old to know. Changes nothing. */
  accepts(index: number): boolean {
    if (index > this.#highest) return true;
    if (this.#highest - index >= replayWindowPackets) return false;
    return !this.#bit(index);
  }

  /** Notes an authentic packet. */
  note(index: number): void {
    if (index > this.#highest) {
      const steps = index - this.#highest;
      if (steps >= replayWindowPackets) this.#seen.fill(0);
      else for (let i = this.#highest + 1; i < index; i++) this.#set(i, false);
      this.#highest = index;
    }
    this.#set(index, true);
  }

  #bit(index: number): boolean {
    const slot = index % replayWindowPackets;
    return (((this.#seen[slot >>> 5] ?? 0) >>> (slot & 31)) & 1) === 1;
  }

  #set(index: number, seen: boolean): void {
    const slot = index % replayWindowPackets;
    const mask = 1 << (slot & 31);
    const word = this.#seen[slot >>> 5] ?? 0;
    this.#seen[slot >>> 5] = seen ? word | mask : word & ~mask;
  }
}
