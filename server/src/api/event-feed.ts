import { RefusedError } from "../core/errors.ts";
import { randomText } from "../core/index.ts";
import type { EventDocument } from "./schemas/events.ts";

export interface EventFeedLimits {
  /** Events that are kept for listeners who come back. */
  readonly maxKeptEvents: number;
  /** Listeners at once; further ones are refused. */
  readonly maxEventListeners: number;
}

export const defaultEventFeedLimits: EventFeedLimits = {
  maxKeptEvents: 1000,
  maxEventListeners: 32,
};

/** Somebody who is told events as they happen. */
export interface EventListener {
  /** `id` says where to go on; `data` is JSON, empty when there is only an id to be known. */
  tell(id: string, data: string): void;
  /** Nothing follows. */
  end(): void;
}

/** Which events somebody wants. */
export interface EventsWanted {
  /** Of this stream alone. */
  readonly stream?: string | undefined;
  /** The id that came last; absent: what happens from now on. */
  readonly after?: string | undefined;
}

interface Kept {
  readonly number: number;
  readonly stream: string | undefined;
  readonly event: EventDocument;
  /** Made once for all who listen. */
  data: string | undefined;
}

/** What happens on all streams, for whoever listens now and for those who come back soon. */
export class EventFeed {
  readonly #limits: EventFeedLimits;
  readonly #wallMs: () => number;
  /** Tells ids of this run from those of others. */
  readonly #run = randomText(6, "base64url");
  readonly #kept: Kept[] = [];
  readonly #listeners = new Map<EventListener, string | undefined>();
  #last = 0;
  #closed = false;

  constructor(wallMs: () => number, limits?: Partial<EventFeedLimits>) {
    this.#wallMs = wallMs;
    this.#limits = { ...defaultEventFeedLimits, ...limits };
  }

  /** Keeps an event and tells it. Quick while nobody listens. */
  push(event: EventDocument): void {
    if (this.#closed) return;
    const stream = "stream" in event ? event.stream : undefined;
    const kept: Kept = { number: ++this.#last, stream, event, data: undefined };
    this.#kept.push(kept);
    // Half of it at once: shifting an array for each event would be slow.
    if (this.#kept.length >= this.#limits.maxKeptEvents * 2) {
      this.#kept.splice(0, this.#kept.length - this.#limits.maxKeptEvents);
    }
    for (const [listener, wanted] of [...this.#listeners]) this.#tell(listener, wanted, kept);
  }

  /**
   * Tells what was missed since `after`, then what happens. Returns how to stop.
   * @throws RefusedError `LISTENERS_FULL` 503, `SHUTTING_DOWN` 503.
   */
  listen({ stream, after }: EventsWanted, listener: EventListener): () => void {
    if (this.#closed) throw new RefusedError("SHUTTING_DOWN", 503, "The server is shutting down.");
    if (this.#listeners.size >= this.#limits.maxEventListeners) {
      throw new RefusedError("LISTENERS_FULL", 503, "As many listen as may.");
    }
    this.#listeners.set(listener, stream);
    // Whoever comes back before anything happened must not miss what did meanwhile.
    if (after === undefined) listener.tell(this.#id(this.#last), "");
    else this.#catchUp(listener, stream, after);
    return () => void this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Tells everybody that this is the end. May be called twice. */
  close(): void {
    this.#closed = true;
    const listeners = [...this.#listeners.keys()];
    this.#listeners.clear();
    for (const listener of listeners) listener.end();
  }

  #catchUp(listener: EventListener, stream: string | undefined, after: string): void {
    const kept = this.#kept.slice(-this.#limits.maxKeptEvents);
    const first = kept[0]?.number ?? this.#last + 1;
    const seen = this.#numberOf(after);
    if (seen === undefined || seen < first - 1) {
      const count = seen === undefined ? 0 : first - 1 - seen;
      const at = new Date(this.#wallMs()).toISOString();
      const lost: EventDocument = {
        id: randomText(16, "base64url"),
        at,
        type: "events.lost",
        count,
      };
      listener.tell(this.#id(first - 1), JSON.stringify(lost));
    }
    for (const one of kept) {
      if (one.number > (seen ?? 0)) this.#tell(listener, stream, one);
    }
  }

  #tell(listener: EventListener, wanted: string | undefined, kept: Kept): void {
    if (!this.#listeners.has(listener)) return;
    if (wanted !== undefined && kept.stream !== wanted) return;
    kept.data ??= JSON.stringify(kept.event);
    listener.tell(this.#id(kept.number), kept.data);
  }

  #id(number: number): string {
    return `${this.#run}.${number}`;
  }

  /** Undefined: no id of this run. */
  #numberOf(id: string): number | undefined {
    const [run, digits = ""] = id.split(".", 2);
    const number = /^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN;
    return run === this.#run && number <= this.#last ? number : undefined;
  }
}
