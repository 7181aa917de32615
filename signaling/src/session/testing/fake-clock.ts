interface Pending {
  readonly dueUs: number;
  readonly callback: () => void;
}

/** A clock for tests: time passes only by `advance`. */
export class FakeClock {
  #nowUs = 0;
  readonly #pending = new Set<Pending>();

  /** Timers that wait. */
  get timers(): number {
    return this.#pending.size;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowUs / 1000;
  }

  after(delayMs: number, callback: () => void): { cancel(): void } {
    const pending = { dueUs: this.#nowUs + delayMs * 1000, callback };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** Lets `ms` pass and fires what falls due, in order. */
  advance(ms: number): void {
    const endUs = this.#nowUs + ms * 1000;
    for (;;) {
      const due = [...this.#pending].filter(({ dueUs }) => dueUs <= endUs);
      const next = due.sort((a, b) => a.dueUs - b.dueUs)[0];
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#nowUs = next.dueUs;
      next.callback();
    }
    this.#nowUs = endUs;
  }
}
