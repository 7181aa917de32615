import { isWebRtc } from "./ladder/way.ts";
import type { Scheduler } from "./scheduler.ts";
import type { TransportName } from "./transports/transport.ts";

/** How long WebRTC must have played before anything else is fetched: the start has the line for itself. Milliseconds. */
export const prefetchAfterMs = 5000;

export interface PrefetchOptions {
  readonly scheduler: Scheduler;
  /** Calls back once when the page has nothing better to do. */
  whenIdle(callback: () => void): void;
  /** Whether bytes cost the viewer money. */
  isMetered(): boolean;
  /** Fetches the code of these ways; rejects when some of it cannot be had. */
  load(names: readonly TransportName[]): Promise<void>;
}

/**
 * Fetches the code of the ways without WebRTC while WebRTC plays, so that a fall costs no download: just then the network
 * is at its worst. Whoever plays without trouble for a few seconds pays for it once.
 */
export class Prefetch {
  readonly #options: PrefetchOptions;
  #cancel: (() => void) | undefined;
  #done = false;

  constructor(options: PrefetchOptions) {
    this.#options = options;
  }

  /** Media comes by `now` (undefined: not at all), and `allowed` are the ways that may be used. */
  playsBy(now: TransportName | undefined, allowed: readonly TransportName[]): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const others = allowed.filter((name) => !isWebRtc(name));
    if (this.#done || now === undefined || !isWebRtc(now) || others.length === 0) return;
    this.#cancel = this.#options.scheduler.after(prefetchAfterMs, () => this.#fetch(others));
  }

  #fetch(names: readonly TransportName[]): void {
    this.#cancel = undefined;
    if (this.#options.isMetered()) return;
    this.#done = true;
    this.#options.whenIdle(() => {
      // What cannot be had now is asked for again when it is needed.
      this.#options.load(names).catch(() => {});
    });
  }
}
