import type { TransportName } from "../transports/transport.ts";
import type { BackOff } from "./back-off.ts";
import type { LadderLimits } from "./ladder-state.ts";

interface Attempt {
  sinceMs: number;
  ready: boolean;
}

/** The rungs that were started and are not shown. */
export class Attempts {
  readonly #limits: LadderLimits;
  readonly #backOff: BackOff;
  readonly #running = new Map<TransportName, Attempt>();

  constructor(limits: LadderLimits, backOff: BackOff) {
    this.#limits = limits;
    this.#backOff = backOff;
  }

  get size(): number {
    return this.#running.size;
  }

  get rungs(): readonly TransportName[] {
    return [...this.#running.keys()];
  }

  has(rung: TransportName): boolean {
    return this.#running.has(rung);
  }

  start(rung: TransportName, nowMs: number): void {
    this.#running.set(rung, { sinceMs: nowMs, ready: false });
    this.#backOff.tried(rung, nowMs);
  }

  /** True when it ran. */
  end(rung: TransportName): boolean {
    return this.#running.delete(rung);
  }

  /** It has a frame. Without effect on rungs that do not run. */
  framed(rung: TransportName): void {
    const attempt = this.#running.get(rung);
    if (attempt !== undefined) attempt.ready = true;
  }

  isReady(rung: TransportName): boolean {
    return this.#running.get(rung)?.ready ?? false;
  }

  /** Frames were not to be had until now. */
  restart(nowMs: number): void {
    for (const attempt of this.#running.values()) attempt.sinceMs = nowMs;
  }

  /** Whether `rung` had its time without a frame. */
  isOver(rung: TransportName, nowMs: number): boolean {
    const attempt = this.#running.get(rung);
    return attempt !== undefined && !attempt.ready && nowMs >= this.#limitMs(rung, attempt);
  }

  /** When the next rung is started beside the one that runs longest. */
  raceAtMs(): number {
    const first = this.#running.entries().next().value;
    if (first === undefined) return Number.NEGATIVE_INFINITY;
    const [rung, { sinceMs }] = first;
    return sinceMs + (this.#backOff.failures(rung) > 0 ? 0 : this.#limits.headStartMs);
  }

  /** When each of them will have had its time. */
  limitsMs(): readonly number[] {
    return [...this.#running].map(([rung, attempt]) => this.#limitMs(rung, attempt));
  }

  /** Longer after each failure: a slow device or network must not lose every attempt just before its end. */
  #limitMs(rung: TransportName, attempt: Attempt): number {
    const { firstFrameMs } = this.#limits;
    const grownMs = firstFrameMs + (firstFrameMs / 2) * this.#backOff.failures(rung);
    return attempt.sinceMs + Math.min(grownMs, firstFrameMs * 4);
  }
}
