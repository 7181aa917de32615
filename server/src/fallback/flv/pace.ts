export interface PaceLimits {
  readonly maxFlushMs: number;
  readonly promptViewers: number;
  readonly busyViewers: number;
}

/**
 * How far apart writes to viewers are. A write to a socket costs the same for one tag as for many, so with
 * many viewers tags are gathered; with few nobody waits.
 */
export class Pace {
  /** All viewers that are written to. */
  viewers = 0;
  readonly #limits: PaceLimits;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
  }

  /** Time between two writes to the same viewer. Microseconds. */
  get restUs(): number {
    const { maxFlushMs, promptViewers, busyViewers } = this.#limits;
    const share = (this.viewers - promptViewers) / Math.max(1, busyViewers - promptViewers);
    return Math.max(0, Math.min(1, share)) * maxFlushMs * 1000;
  }
}
