/** Input that came in pieces and is taken out in other pieces. Keeps what is pushed; copies on reading. */
export class ByteQueue {
  #parts: Uint8Array[] = [];
  #first = 0;
  #offset = 0;
  #length = 0;

  /** Bytes not yet read. */
  get length(): number {
    return this.#length;
  }

  /** Keeps `bytes`, which must not change afterwards. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }

  /** Moves up to `count` bytes to `target` at `at`; returns how many. */
  readInto(target: Uint8Array, at: number, count: number): number {
    let moved = 0;
    while (moved < count) {
      const part = this.#parts[this.#first];
      if (part === undefined) break;
      const size = Math.min(count - moved, part.length - this.#offset);
      target.set(part.subarray(this.#offset, this.#offset + size), at + moved);
      moved += size;
      this.#advance(part, size);
    }
    return moved;
  }

  /**
   * The next `count` bytes without a copy, where they came in one piece that is not more than twice as long; else
   * undefined, and nothing is taken. Whoever keeps them keeps the whole piece.
   */
  takeWhole(count: number): Uint8Array | undefined {
    const part = this.#parts[this.#first];
    const end = this.#offset + count;
    if (part === undefined || end > part.length || part.buffer.byteLength > count * 2) {
      return undefined;
    }
    const whole = part.subarray(this.#offset, end);
    this.#advance(part, count);
    return whole;
  }

  /** Drops up to `count` bytes; returns how many. */
  skip(count: number): number {
    let moved = 0;
    while (moved < count) {
      const part = this.#parts[this.#first];
      if (part === undefined) break;
      const size = Math.min(count - moved, part.length - this.#offset);
      moved += size;
      this.#advance(part, size);
    }
    return moved;
  }

  /** The byte `index` places ahead, without taking it; undefined when it is not there yet. */
  peek(index: number): number | undefined {
    let ahead = index + this.#offset;
    for (let at = this.#first; at < this.#parts.length; at++) {
      const part = this.#parts[at];
      if (part === undefined) return undefined;
      if (ahead < part.length) return part[ahead];
      ahead -= part.length;
    }
    return undefined;
  }

  clear(): void {
    this.#parts = [];
    this.#first = 0;
    this.#offset = 0;
    this.#length = 0;
  }

  #advance(part: Uint8Array, size: number): void {
    this.#offset += size;
    this.#length -= size;
    if (this.#offset < part.length) return;
    this.#offset = 0;
    this.#first++;
    if (this.#first === this.#parts.length) {
      this.#parts.length = 0;
      this.#first = 0;
    } else if (this.#first >= 64) {
      this.#parts.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
