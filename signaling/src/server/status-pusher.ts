import type { StreamStatus } from "../session/index.ts";
import type { SignalingClock } from "./options.ts";

/**
 * Passes a stream's status on, at most once per interval and always the latest, so that a stream that
 * flaps cannot fill the queue of a client that does not read.
 */
export class StatusPusher {
  readonly #clock: SignalingClock;
  readonly #intervalMs: number;
  readonly #push: (status: StreamStatus) => void;
  #latest: StreamStatus | undefined;
  #known: StreamStatus | undefined;
  #started = false;
  #timer: { cancel(): void } | undefined;

  constructor(clock: SignalingClock, intervalMs: number, push: (status: StreamStatus) => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#push = push;
  }

  get latest(): StreamStatus | undefined {
    return this.#latest;
  }

  /** A new status; kept until `start`. */
  offer(status: StreamStatus): void {
    this.#latest = status;
    this.#flush();
  }

  /** From now on statuses are pushed; `known` is the one that the client has already. */
  start(known: StreamStatus): void {
    this.#started = true;
    this.#known = known;
    this.#flush();
  }

  /** Nothing is pushed until the next `start`; statuses are still kept. May be called twice. */
  stop(): void {
    this.#started = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #flush(): void {
    const status = this.#latest;
    if (!this.#started || this.#timer !== undefined) return;
    if (status === undefined || status === this.#known) return;
    this.#known = status;
    this.#timer = this.#clock.after(this.#intervalMs, () => {
      this.#timer = undefined;
      this.#flush();
    });
    this.#push(status);
  }
}
