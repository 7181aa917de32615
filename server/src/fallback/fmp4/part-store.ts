import type { Fmp4Part } from "./fragments.ts";
import type { Fmp4Limits } from "./limits.ts";

/**
 * The parts that are kept for those who begin later: whole groups from an independent part on, at
 * least the newest group. A group over a limit is given up, for a piece of it is of no use.
 */
export class PartStore {
  readonly #limits: Fmp4Limits;
  #parts: Fmp4Part[] = [];
  #sizeBytes = 0;
  #durationUs = 0;
  /** Groups given up because they grew over a limit. */
  overflows = 0;

  constructor(limits: Fmp4Limits) {
    this.#limits = limits;
  }

  /** Oldest first. Replaced when parts go, so a list that was read may be kept. */
  get parts(): readonly Fmp4Part[] {
    return this.#parts;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  push(part: Fmp4Part): void {
    if (this.#parts.length === 0 && !part.independent) return;
    this.#parts = [...this.#parts, part];
    this.#sizeBytes += part.bytes.byteLength;
    this.#durationUs += part.durationUs;
    while (this.#isOver) {
      const next = this.#parts.findIndex((other, index) => index > 0 && other.independent);
      if (next < 0) break;
      this.#dropFirst(next);
    }
    const isTooLong = this.#durationUs > this.#limits.maxGroupMs * 1000;
    if (isTooLong || this.#sizeBytes > this.#limits.maxBytes) {
      this.overflows++;
      this.#dropFirst(this.#parts.length);
    }
  }

  /** The group before this one says nothing any more. */
  clear(): void {
    this.#dropFirst(this.#parts.length);
  }

  get #isOver(): boolean {
    const { keptMs, maxBytes } = this.#limits;
    return this.#durationUs > keptMs * 1000 || this.#sizeBytes > maxBytes;
  }

  #dropFirst(count: number): void {
    for (const part of this.#parts.slice(0, count)) {
      this.#sizeBytes -= part.bytes.byteLength;
      this.#durationUs -= part.durationUs;
    }
    this.#parts = this.#parts.slice(count);
  }
}
