import type { IngestLimits } from "./limits.ts";

export interface KeyRequestOptions {
  readonly limits: IngestLimits;
  /** Microseconds. */
  roundTripUs(): number;
  /** Sends a request. False: the publisher takes none, or nobody knows yet what to name in it. */
  send(): boolean;
}

/** Merges all wishes for a key frame of one encoding into as few requests as the publisher can follow. */
export class KeyRequests {
  readonly #options: KeyRequestOptions;
  #wanted = false;
  #lastUs = Number.NEGATIVE_INFINITY;
  #dueUs = Number.POSITIVE_INFINITY;
  /** Requests sent. */
  sent = 0;

  constructor(options: KeyRequestOptions) {
    this.#options = options;
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  /** When to call `timeout`; Infinity: never. */
  get dueUs(): number {
    return this.#dueUs;
  }

  /** Somebody wants a key frame. */
  request(nowUs: number): void {
    this.#wanted = true;
    const earliestUs = this.#lastUs + this.#options.limits.keyRequestIntervalUs;
    if (nowUs >= earliestUs) this.#send(nowUs);
    else this.#dueUs = Math.min(this.#dueUs, earliestUs);
  }

  /** The first packet of a key frame came. */
  satisfied(): void {
    this.#wanted = false;
    this.#dueUs = Number.POSITIVE_INFINITY;
  }

  /** @param flowing packets come; without them a request can only be lost */
  timeout(nowUs: number, flowing: boolean): void {
    if (nowUs < this.#dueUs) return;
    if (flowing) this.#send(nowUs);
    else this.#dueUs = nowUs + this.#options.limits.keyRepeatUs;
  }

  #send(nowUs: number): void {
    const { limits, roundTripUs, send } = this.#options;
    this.#dueUs = nowUs + limits.keyRepeatUs + roundTripUs();
    if (!send()) return;
    this.#lastUs = nowUs;
    this.sent++;
  }
}
