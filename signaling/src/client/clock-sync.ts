import { ClockEstimator, type ClockExchange, type ClockOffset } from "./clock-estimator.ts";

/** Exchanges right after connecting: enough that one of them meets no queue. */
const firstBurst = 5;
const laterBurst = 3;
const spacingMs = 150;

/** Measures the clock offset in bursts while the connection stands. */
export class ClockSync {
  readonly #exchange: () => Promise<ClockExchange>;
  readonly #told: (offset: ClockOffset) => void;
  readonly #intervalMs: number;
  readonly #estimator = new ClockEstimator();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #run = 0;

  /** `exchange` makes one exchange, and may fail; `told` hears each new estimate. */
  constructor(
    intervalMs: number,
    exchange: () => Promise<ClockExchange>,
    told: (offset: ClockOffset) => void,
  ) {
    this.#intervalMs = intervalMs;
    this.#exchange = exchange;
    this.#told = told;
  }

  /** The best estimate at `nowMs` of our wall clock. */
  offset(nowMs: number): ClockOffset | undefined {
    return this.#estimator.best(nowMs);
  }

  /** Begins measuring: connected. */
  start(): void {
    this.stop();
    if (this.#intervalMs > 0) void this.#measure(this.#run, firstBurst);
  }

  /** May be called twice. */
  stop(): void {
    this.#run += 1;
    clearTimeout(this.#timer);
  }

  async #measure(run: number, left: number): Promise<void> {
    const exchange = await this.#exchange().catch(() => undefined);
    if (run !== this.#run) return;
    const offset = exchange === undefined ? undefined : this.#estimator.add(exchange);
    if (offset !== undefined) this.#told(offset);
    const [delayMs, next] = left > 1 ? [spacingMs, left - 1] : [this.#intervalMs, laterBurst];
    this.#timer = setTimeout(() => void this.#measure(run, next), delayMs);
  }
}
