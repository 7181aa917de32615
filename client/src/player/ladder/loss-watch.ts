import type { LadderLimits } from "./ladder-state.ts";

/** Tells whether the shown rung loses too many packets for too long. */
export class LossWatch {
  readonly #limits: LadderLimits;
  #sinceMs = Number.POSITIVE_INFINITY;

  constructor(limits: LadderLimits) {
    this.#limits = limits;
  }

  /** When it will have been too much for too long; infinity while it is not. */
  get overAtMs(): number {
    return this.#sinceMs + this.#limits.lossMs;
  }

  /** `ratio` of the packets of the last second were lost, 0 to 1. */
  measured(ratio: number, nowMs: number): void {
    if (ratio <= this.#limits.lossRatio) this.reset();
    else this.#sinceMs = Math.min(this.#sinceMs, nowMs);
  }

  isOver(nowMs: number): boolean {
    return nowMs >= this.overAtMs;
  }

  reset(): void {
    this.#sinceMs = Number.POSITIVE_INFINITY;
  }
}
