import type { Clock } from "../core/ports.ts";

/** Remembers answers for a time, up to a number of them: the least recently used is forgotten first. */
export class AnswerCache<T> {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #entries = new Map<string, { readonly untilUs: number; readonly value: T }>();

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.untilUs <= this.#clock.nowUs()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: T, forMs: number): void {
    this.#entries.delete(key);
    if (forMs <= 0 || this.#max <= 0) return;
    this.#entries.set(key, { untilUs: this.#clock.nowUs() + forMs * 1000, value });
    if (this.#entries.size <= this.#max) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
