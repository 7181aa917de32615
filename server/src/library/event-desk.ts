import { suggestion } from "../config/index.ts";
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

const types: Readonly<Record<GatewayEventType, true>> = {
  "publish.started": true,
  "publish.ended": true,
  "play.started": true,
  "play.ended": true,
  "stream.live": true,
  "stream.waiting": true,
  "stream.ended": true,
  "stream.buffer": true,
  "stream.hint": true,
};

/** Tells listeners what happened: each event once, in order, after what happened is done. One that throws harms nobody. */
export class EventDesk {
  readonly #log: Log;
  readonly #everything: AnyListener | undefined;
  readonly #listeners = new Map<string, Set<AnyListener>>();

  /** `everything` is told all events. */
  constructor(log: Log, everything?: AnyListener) {
    this.#log = log;
    this.#everything = everything;
  }

  /** The same function twice is told once. @throws TypeError when there is no such event. */
  on(type: string, listener: AnyListener): void {
    if (!Object.hasOwn(types, type)) {
      throw new TypeError(`There is no event "${type}".${suggestion(type, Object.keys(types))}`);
    }
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
  }

  off(type: string, listener: AnyListener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** Comes from where media flows: listeners are called in a moment. */
  tell(event: HookEvent): void {
    const isHeard = (this.#listeners.get(event.type)?.size ?? 0) > 0;
    if (isHeard || this.#everything !== undefined) queueMicrotask(() => this.#tellAll(event));
  }

  #tellAll(event: HookEvent): void {
    if (this.#everything !== undefined) this.#call(this.#everything, event);
    for (const listener of [...(this.#listeners.get(event.type) ?? [])])
      this.#call(listener, event);
  }

  #call(listener: AnyListener, event: HookEvent): void {
    try {
      const said = listener(event as never);
      if (said instanceof Promise) said.catch((error: unknown) => this.#failed(event, error));
    } catch (error) {
      this.#failed(event, error);
    }
  }

  #failed({ type, stream }: HookEvent & { readonly stream?: string }, error: unknown): void {
    const fields = { err: error, code: "OBSERVER_FAILED", event: type, stream };
    this.#log.error(fields, "a listener for events failed");
  }
}
