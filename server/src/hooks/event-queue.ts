import type { Clock, Log, Timer } from "../core/ports.ts";
import { createEvent, type HookEvent } from "./event.ts";
import { defaultHookLimits, type HookLimits } from "./limits.ts";

export interface EventQueueOptions {
  /** Tells the receiver. Rejects when it must be told again. */
  deliver(event: HookEvent, signal: AbortSignal): Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<HookLimits>;
}

/**
 * Events for one receiver, told one after the other and again until it takes them. A receiver that is gone for long
 * loses the oldest ones, and is told how many.
 */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #limits: HookLimits;
  readonly #waiting: HookEvent[] = [];
  #lost = 0;
  #tries = 0;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #abort: AbortController | undefined;
  #closing = false;
  #closed = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    this.#limits = { ...defaultHookLimits, ...options.limits };
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Never blocks and never throws. */
  push(event: HookEvent): void {
    if (this.#closed) return;
    this.#waiting.push(event);
    if (this.#waiting.length > this.#limits.maxQueued) {
      // The first one may be on its way.
      this.#waiting.splice(this.#running === undefined ? 0 : 1, 1);
      if (this.#lost++ === 0) {
        this.#options.log.warn({ code: "HOOK_QUEUE_FULL" }, "events for a receiver are lost");
      }
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
    const count = this.#waiting.length + this.#lost;
    if (count > 0) {
      log.warn({ code: "HOOK_EVENTS_LOST", count }, "events were not told before the end");
    }
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
      const event =
        lost === 0
          ? this.#waiting[0]
          : createEvent({ type: "events.lost", count: lost }, this.#options.clock.wallMs());
      if (event === undefined) return;
      if (!(await this.#deliver(event))) {
        // At the end there is one try.
        if (this.#closing) this.#closed = true;
        else this.#retryLater();
        return;
      }
      this.#tries = 0;
      if (lost === 0) this.#waiting.shift();
      else this.#lost -= lost;
    }
  }

  async #deliver(event: HookEvent): Promise<boolean> {
    const abort = new AbortController();
    this.#abort = abort;
    const timer = this.#options.clock.after(this.#limits.notifyTimeoutMs, () => abort.abort());
    try {
      await this.#options.deliver(event, abort.signal);
      return true;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const { log } = this.#options;
      const fields = { code: "HOOK_NOT_TOLD", event: event.type, detail, tries: this.#tries + 1 };
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
