import type { Scheduler } from "./scheduler.ts";

/** One timer for a deadline that moves: later deadlines do not touch it, so that frames cost nothing. */
export class DeadlineTimer {
  readonly #scheduler: Scheduler;
  readonly #fire: () => void;
  #cancel: (() => void) | undefined;
  #atMs = Number.POSITIVE_INFINITY;

  /** `fire` is called at the deadline, or before it when the deadline has moved on. */
  constructor(scheduler: Scheduler, fire: () => void) {
    this.#scheduler = scheduler;
    this.#fire = fire;
  }

  /** The deadline is now `dueMs`; undefined: there is none. */
  set(dueMs: number | undefined): void {
    if (dueMs !== undefined && this.#atMs <= dueMs) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#atMs = dueMs ?? Number.POSITIVE_INFINITY;
    if (dueMs === undefined) return;
    const delayMs = Math.max(0, dueMs - this.#scheduler.nowMs());
    this.#cancel = this.#scheduler.after(delayMs, () => {
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#cancel = undefined;
      this.#fire();
    });
  }
}
