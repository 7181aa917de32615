import type { SignalingClock } from "./options.ts";

/**
 * Tells the latest of values that change: at most once per interval and always the latest, so that a
 * stream that flaps cannot fill the queue of a client that does not read. Values are told apart by identity.
 */
export class LatestPusher<Value> {
  readonly #clock: SignalingClock;
  readonly #intervalMs: number;
  readonly #push: (value: Value) => void;
  #latest: Value | undefined;
  #known: Value | undefined;
  #started = false;
  #timer: { cancel(): void } | undefined;

  constructor(clock: SignalingClock, intervalMs: number, push: (value: Value) => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#push = push;
  }

  get latest(): Value | undefined {
    return this.#latest;
  }

  /** A new value; kept until `start`. */
  offer(value: Value): void {
    this.#latest = value;
    this.#flush();
  }

  /** From now on values are pushed; `known` is the one that the client has already, undefined when it may have none. */
  start(known: Value | undefined): void {
    this.#started = true;
    this.#known = known;
    this.#flush();
  }

  /** Nothing is pushed until the next `start`; values are still kept. May be called twice. */
  stop(): void {
    this.#started = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #flush(): void {
    const value = this.#latest;
    if (!this.#started || this.#timer !== undefined) return;
    if (value === undefined || value === this.#known) return;
    this.#known = value;
    this.#timer = this.#clock.after(this.#intervalMs, () => {
      this.#timer = undefined;
      this.#flush();
    });
    this.#push(value);
  }
}
