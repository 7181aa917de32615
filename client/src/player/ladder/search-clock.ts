import { retryDelayMs } from "../retry-delay.ts";

/** When all rungs are asked again while no server answers by any of them. */
export class SearchClock {
  readonly #random: () => number;
  #searches = 0;
  #atMs: number | undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Undefined while nothing is planned. */
  get atMs(): number | undefined {
    return this.#atMs;
  }

  /** Plans the next search, if none is planned; true when it is due. */
  isDue(nowMs: number): boolean {
    this.#atMs ??= nowMs + retryDelayMs(Math.max(1, this.#searches), this.#random);
    return nowMs >= this.#atMs;
  }

  /** A planned search is due at once. */
  hurry(nowMs: number): void {
    if (this.#atMs !== undefined) this.#atMs = nowMs;
  }

  /** Nothing is planned any more. */
  cancel(): void {
    this.#atMs = undefined;
  }

  /** A search found nothing. */
  failed(): void {
    this.#searches++;
  }

  /** A search found something. */
  succeeded(): void {
    this.#searches = 0;
    this.cancel();
  }
}
