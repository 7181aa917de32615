import type { RelayPorts } from "./relay-ports.ts";

/** Time that stands still until it is told to go on. */
export class TestClock implements RelayPorts {
  #nowMs = 1_000;
  readonly #timers = new Set<{ readonly periodMs: number; dueMs: number; work: () => void }>();
  readonly lines: { readonly fields: object; readonly message: string }[] = [];
  readonly log: RelayPorts["log"] = {
    error: (fields, message) => void this.lines.push({ fields, message }),
    warn: (fields, message) => void this.lines.push({ fields, message }),
    info: (fields, message) => void this.lines.push({ fields, message }),
    debug: (fields, message) => void this.lines.push({ fields, message }),
  };

  /** Timers that run. */
  get timers(): number {
    return this.#timers.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  every(periodMs: number, work: () => void): () => void {
    const timer = { periodMs, dueMs: this.#nowMs + periodMs, work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs what is due on the way, each timer once. */
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of this.#timers) {
      if (timer.dueMs > this.#nowMs) continue;
      timer.dueMs = this.#nowMs + timer.periodMs;
      timer.work();
    }
  }
}
