import type { Clock, Log } from "../core/ports.ts";
import { EventQueue } from "./event-queue.ts";
import { defaultHookLimits, type HookLimits } from "./limits.ts";
import type { HookObserver } from "./observer.ts";
import type { HookClient } from "./post.ts";

/** A notice as it goes over the wire; the same each time that it is tried. */
export interface Notice {
  /** What happened, in the words of whoever is told. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface TellersOptions {
  /** What they are called in metrics. */
  readonly name: string;
  readonly client: HookClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer: Required<HookObserver>;
  readonly limits?: Partial<HookLimits>;
}

/**
 * Tells back ends that were written for other servers: in order and again until each takes it. Those servers ignore what
 * is answered to a notice, so that every answer but a failure of the back end itself takes it.
 */
export class Tellers {
  readonly #options: TellersOptions;
  readonly #queues = new Map<string, EventQueue<Notice>>();

  constructor(options: TellersOptions) {
    this.#options = options;
  }

  /** Never blocks and never throws. */
  tell(url: string, notice: Notice): void {
    this.#queueOf(url).push(notice);
  }

  /** Tells what waits, for a time. May be called twice. */
  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }

  #queueOf(url: string): EventQueue<Notice> {
    const present = this.#queues.get(url);
    if (present !== undefined) return present;
    const { client, clock, limits, log, name, observer } = this.#options;
    const { maxAnswerBytes } = defaultHookLimits;
    const queue = new EventQueue<Notice>({
      ...{ name: `${name}.notice`, clock, observer, limits: limits ?? {} },
      nameOf: (notice) => notice.name,
      // Addresses may have secrets in them.
      log: log.child({ receiver: `${name} ${this.#queues.size + 1}` }),
      deliver: async ({ headers, body }, signal) => {
        const { status } = await client.post(url, body, { headers, signal, maxAnswerBytes });
        if (status >= 500) throw new Error(`status ${status}`);
      },
    });
    this.#queues.set(url, queue);
    return queue;
  }
}
