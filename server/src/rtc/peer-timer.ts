import type { Clock, Timer } from "../core/ports.ts";

/**
 * One timer for all deadlines of a peer. A deadline that moves later costs nothing: the timer fires
 * early and is set again.
 */
export class PeerTimer {
  readonly #clock: Clock;
  readonly #fire: (nowUs: number) => void;
  #timer: Timer | undefined;
  #dueUs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, fire: (nowUs: number) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  /** Fires at `dueUs` or earlier. */
  atLatest(dueUs: number): void {
    if (dueUs >= this.#dueUs) return;
    this.#timer?.cancel();
    this.#dueUs = dueUs;
    const delayMs = Math.max(0, Math.ceil((dueUs - this.#clock.nowUs()) / 1000));
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#dueUs = Number.POSITIVE_INFINITY;
      this.#fire(this.#clock.nowUs());
    });
  }

  /** May be called twice. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueUs = Number.POSITIVE_INFINITY;
  }
}
