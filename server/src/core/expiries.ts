import type { Clock, Timer } from "./ports.ts";

/** Between two looks at what has expired, ms: rights end so much late at the most. */
const checkMs = 1000;

/** Calls back when points of the wall clock pass, stepped or not, with one timer for all. */
export class Expiries {
  readonly #clock: Clock;
  readonly #waiting = new Set<{ readonly atWallMs: number; readonly expired: () => void }>();
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Calls `expired` once, later, when `atWallMs` has passed. Returns how to forget it, which may be called at any time. */
  watch(atWallMs: number, expired: () => void): () => void {
    const entry = { atWallMs, expired };
    this.#waiting.add(entry);
    this.#timer ??= this.#clock.after(checkMs, () => this.#check());
    return () => {
      this.#waiting.delete(entry);
      if (this.#waiting.size === 0) this.close();
    };
  }

  /** Forgets all. May be called twice. */
  close(): void {
    this.#waiting.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #check(): void {
    this.#timer = undefined;
    const now = this.#clock.wallMs();
    for (const entry of [...this.#waiting]) {
      if (entry.atWallMs > now || !this.#waiting.delete(entry)) continue;
      entry.expired();
    }
    if (this.#waiting.size > 0) this.#timer ??= this.#clock.after(checkMs, () => this.#check());
  }
}
