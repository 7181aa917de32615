import type { Log } from "../core/index.ts";
import type { HookEvent } from "../hooks/index.ts";

/** What can be listened for. */
export type GatewayEventType = Exclude<HookEvent["type"], "events.lost">;

/** An event of one type, with what belongs to that type. */
export type GatewayEvent<T extends GatewayEventType = GatewayEventType> = HookEvent & {
  readonly type: T;
};

/** Nothing is awaited; what it throws is logged. */
export type GatewayListener<T extends GatewayEventType> = (event: GatewayEvent<T>) => unknown;

type AnyListener = (event: never) => unknown;

/** Tells listeners what happened: each event once, in order, after what happened is done. One that throws harms nobody. */
export class EventDesk {
  readonly #log: Log;
  readonly #listeners = new Map<string, Set<AnyListener>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The same function twice is told once. */
  on(type: string, listener: AnyListener): void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
  }

  off(type: string, listener: AnyListener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** Comes from where media flows: listeners are called in a moment. */
  tell(event: HookEvent): void {
    if ((this.#listeners.get(event.type)?.size ?? 0) > 0) queueMicrotask(() => this.#call(event));
  }

  #call(event: HookEvent): void {
    for (const listener of [...(this.#listeners.get(event.type) ?? [])]) {
      try {
        const said = listener(event as never);
        if (said instanceof Promise) said.catch((error: unknown) => this.#failed(event, error));
      } catch (error) {
        this.#failed(event, error);
      }
    }
  }

  #failed({ type, stream }: HookEvent & { readonly stream?: string }, error: unknown): void {
    const fields = { err: error, code: "OBSERVER_FAILED", event: type, stream };
    this.#log.error(fields, "a listener for events failed");
  }
}
