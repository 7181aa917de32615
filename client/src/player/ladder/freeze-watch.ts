import type { LadderLimits } from "./ladder-state.ts";

/** How fast the longest usual gap between frames is forgotten, per frame. */
const gapDecay = 0.95;

/** Tells from the frames of the shown rung whether its picture moves. Streams with few frames get more time. */
export class FreezeWatch {
  readonly #limits: LadderLimits;
  #lastMs = Number.NEGATIVE_INFINITY;
  #smoothSinceMs = Number.NEGATIVE_INFINITY;
  #gapMs = 0;
  #fine = true;
  /** Added to each span. */
  #holdMs = 0;

  constructor(limits: LadderLimits) {
    this.#limits = limits;
  }

  get lastMs(): number {
    return this.#lastMs;
  }

  /** When the picture stands for so long that the next rung is warmed up. */
  get warmAtMs(): number {
    return this.#lastMs + this.#warmMs;
  }

  /** When it stands for so long that a rung that is ready is shown instead. */
  get switchAtMs(): number {
    return this.warmAtMs + this.#limits.patienceMs;
  }

  get frozenAtMs(): number {
    return this.#lastMs + Math.max(this.#limits.frozenMs, this.#warmMs + this.#limits.patienceMs);
  }

  /** When it has moved for long enough to be trusted again. */
  get smoothAtMs(): number {
    return this.#smoothSinceMs + this.#limits.smoothMs;
  }

  progress(nowMs: number, fine: boolean): void {
    const gapMs = nowMs - this.#lastMs;
    if (gapMs > this.#warmMs * 0.75) this.#smoothSinceMs = nowMs;
    if (Number.isFinite(gapMs)) this.#gapMs = Math.max(this.#gapMs * gapDecay, gapMs);
    this.#lastMs = nowMs;
    this.#fine = fine;
  }

  /**
   * Another rung is shown. `held`: its first pictures may be old ones of a stream that stands, so it, or the one after it,
   * is judged mildly until it has settled.
   */
  reset(nowMs: number, held: boolean): void {
    this.#gapMs = 0;
    this.#fine = true;
    this.#smoothSinceMs = nowMs;
    this.#lastMs = nowMs;
    if (held) this.#holdMs = this.#limits.holdMs;
  }

  settled(): void {
    this.#holdMs = 0;
  }

  /** Nothing is concluded from the time before `nowMs`. */
  restart(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  get #warmMs(): number {
    const { warmMs, warmSlowMs } = this.#limits;
    const base = this.#fine ? Math.min(Math.max(warmMs, this.#gapMs * 3), warmSlowMs) : warmSlowMs;
    return base + this.#holdMs;
  }
}
