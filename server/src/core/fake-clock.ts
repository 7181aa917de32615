import type { Clock, Timer } from "./ports.ts";

interface Pending {
  readonly dueUs: number;
  readonly callback: () => void;
}

/** A clock for tests: time passes only by `advance`, and timers fire in order while it does. */
export class FakeClock implements Clock {
  #nowUs = 0;
  readonly #wallAtZeroMs: number;
  readonly #pending = new Set<Pending>();

  constructor(wallAtZeroMs = 1_700_000_000_000) {
    this.#wallAtZeroMs = wallAtZeroMs;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  wallMs(): number {
    return this.#wallAtZeroMs + this.#nowUs / 1000;
  }

  after(delayMs: number, callback: () => void): Timer {
    const pending = { dueUs: this.#nowUs + Math.round(delayMs * 1000), callback };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** How many timers wait: zero after everything was closed. */
  get timers(): number {
    return this.#pending.size;
  }

  /** Lets `ms` pass (fractions allowed) and fires every timer that falls due, in order of time. */
  advance(ms: number): void {
    const endUs = this.#nowUs + Math.round(ms * 1000);
    for (;;) {
      const next = this.#earliest(endUs);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#nowUs = Math.max(this.#nowUs, next.dueUs);
      next.callback();
    }
    this.#nowUs = endUs;
  }

  #earliest(endUs: number): Pending | undefined {
    let found: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.dueUs <= endUs && (found === undefined || pending.dueUs < found.dueUs)) {
        found = pending;
      }
    }
    return found;
  }
}
