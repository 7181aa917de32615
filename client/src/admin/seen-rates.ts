/** Bit rates of one stream while somebody looks at it. */
export class SeenRates {
  readonly #spanMs: number;
  readonly #times: number[] = [];
  readonly #in: number[] = [];
  readonly #out: number[] = [];

  constructor(spanSeconds: number) {
    this.#spanMs = spanSeconds * 1000;
  }

  get times(): readonly number[] {
    return this.#times;
  }

  get inRates(): readonly number[] {
    return this.#in;
  }

  get outRates(): readonly number[] {
    return this.#out;
  }

  /** What is older than the span is forgotten; a time that is not later is left out. */
  take(nowMs: number, inBps: number, outBps: number): void {
    if (nowMs <= (this.#times.at(-1) ?? Number.NEGATIVE_INFINITY)) return;
    this.#times.push(nowMs);
    this.#in.push(inBps);
    this.#out.push(outBps);
    const old = this.#times.findIndex((timeMs) => timeMs >= nowMs - this.#spanMs);
    for (const column of [this.#times, this.#in, this.#out]) column.splice(0, Math.max(0, old));
  }
}
