import type { Clock, Log, Timer } from "../core/ports.ts";
import { defaultHookLimits, type HookLimits } from "./limits.ts";
import type { HookObserver } from "./observer.ts";

export interface EventQueueOptions<T> {
  /** What it is called in metrics. */
  readonly name: string;
  /** Tells the receiver. Rejects when it must be told again. */
  deliver(event: T, signal: AbortSignal): Promise<void>;
  /** What the log calls an event. */
  nameOf(event: T): string;
  /** Tells that so many were lost; absent: the receiver has no word for it. */
  lost?(count: number): T;
  readonly observer?: Required<HookObserver>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<HookLimits>;
}

/**
 * Events for one receiver, told one after the other and again until it takes them. A receiver that is gone for long
 * loses the oldest ones, and is told how many.
 */
export class EventQueue<T> {
  readonly #options: EventQueueOptions<T>;
  readonly #limits: HookLimits;
  readonly #waiting: T[] = [];
  /** That the receiver will be told. */
  #lost = 0;
  #isLosing = false;
  #tries = 0;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #abort: AbortController | undefined;
  #closing = false;
  #closed = false;

  constructor(options: EventQueueOptions<T>) {
    this.#options = options;
    this.#limits = { ...defaultHookLimits, ...options.limits };
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Never blocks and never throws. */
  push(event: T): void {
    if (this.#closed) return;
    this.#waiting.push(event);
    if (this.#waiting.length > this.#limits.maxQueued) {
      // The first one may be on its way.
      this.#waiting.splice(this.#running === undefined ? 0 : 1, 1);
      this.#lose();
    }
    this.#go();
  }

  /** Tells what waits while there is time, then no more. May be called twice. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const { clock, log } = this.#options;
    const end = clock.after(this.#limits.drainMs, () => this.#stop());
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#go();
    while (this.#running !== undefined) await this.#running;
    end.cancel();
    this.#stop();
    const untold = this.#waiting.length;
    const count = untold + this.#lost;
    if (untold > 0) this.#options.observer?.onLost({ hook: this.#options.name, count: untold });
    if (count > 0) {
      log.warn({ code: "HOOK_EVENTS_LOST", count }, "events were not told before the end");
    }
  }

  #lose(): void {
    const { lost, log, name, observer } = this.#options;
    observer?.onLost({ hook: name, count: 1 });
    if (!this.#isLosing) log.warn({ code: "HOOK_QUEUE_FULL" }, "events for a receiver are lost");
    this.#isLosing = true;
    if (lost !== undefined) this.#lost++;
  }

  #stop(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#abort?.abort();
  }

  #go(): void {
    if (this.#running !== undefined || this.#timer !== undefined || this.#closed) return;
    this.#running = this.#deliverAll().finally(() => {
      this.#running = undefined;
    });
  }

  async #deliverAll(): Promise<void> {
    for (;;) {
      if (this.#closed) return;
      const lost = this.#lost;
      const event = lost === 0 ? this.#waiting[0] : this.#options.lost?.(lost);
      if (event === undefined) return;
      if (!(await this.#deliver(event))) {
        // At the end there is one try.
        if (this.#closing) this.#closed = true;
        else this.#retryLater();
        return;
      }
      this.#tries = 0;
      this.#isLosing = false;
      if (lost === 0) this.#waiting.shift();
      else this.#lost -= lost;
    }
  }

  async #deliver(event: T): Promise<boolean> {
    const abort = new AbortController();
    const { clock, log, name, nameOf, observer } = this.#options;
    const startUs = clock.nowUs();
    const seconds = (): number => (clock.nowUs() - startUs) / 1_000_000;
    const ms = (): number => Math.round((clock.nowUs() - startUs) / 1000);
    this.#abort = abort;
    const timer = clock.after(this.#limits.notifyTimeoutMs, () => abort.abort());
    try {
      await this.#options.deliver(event, abort.signal);
      observer?.onCall({ hook: name, result: "taken", seconds: seconds() });
      log.debug({ event: nameOf(event), ms: ms() }, "a receiver of events took one");
      return true;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const result = abort.signal.aborted ? "timeout" : "error";
      observer?.onCall({ hook: name, result, seconds: seconds() });
      const tries = this.#tries + 1;
      const fields = { code: "HOOK_NOT_TOLD", event: nameOf(event), detail, tries, ms: ms() };
      if (this.#tries === 0) log.warn(fields, "a receiver of events did not take one");
      else log.debug(fields, "a receiver of events did not take one");
      return false;
    } finally {
      timer.cancel();
      this.#abort = undefined;
    }
  }

  #retryLater(): void {
    const { retryMs, maxRetryMs } = this.#limits;
    const delayMs = Math.min(maxRetryMs, retryMs * 2 ** Math.min(this.#tries, 20));
    this.#tries++;
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#go();
    });
  }
}
