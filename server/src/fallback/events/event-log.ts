import { writeSseEvent } from "@millrace/media/text";
import { randomId, type Stream } from "../../core/index.ts";
import type { HubLimits } from "./limits.ts";
import type { Place } from "./place.ts";
import { streamStatus } from "./stream-status.ts";

/** `reset`: the client's id is of no use, the state follows. `bye`: nothing follows. */
export type EventName = "stream" | "capture" | "reset" | "bye";

/** Made once for all listeners. */
export interface LoggedEvent {
  /** Grows by one. Events that are told to one client only have the number of the last one before. */
  readonly seq: number;
  readonly name: EventName;
  readonly json: string;
  /** As text for SSE, without an id. */
  readonly sse: Buffer;
}

/** Told in the turn in which something happened; reads it by `after`. */
export interface LogListener {
  logged(): void;
}

/** How the stream's time maps to the gateway's wall clock at capture. */
export interface CaptureTime {
  readonly streamTimeUs: number;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
}

/** The numbered events of one stream: a bounded ring for those who listen and those who come back. */
export class EventLog {
  readonly stream: Stream;
  /** Unguessable; tells this log from others of the same stream's name. */
  readonly epoch: string = randomId();
  readonly #limits: HubLimits;
  readonly #ring: LoggedEvent[] = [];
  #ringBytes = 0;
  #head = 0;
  #over = false;
  readonly #listeners = new Set<LogListener>();

  constructor(stream: Stream, limits: HubLimits) {
    this.stream = stream;
    this.#limits = limits;
  }

  /** The number of the last event; 0 before the first. */
  get head(): number {
    return this.#head;
  }

  /** The last event was told; nothing follows. */
  get over(): boolean {
    return this.#over;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Events kept and the bytes of their JSON. */
  get kept(): { readonly events: number; readonly bytes: number } {
    return { events: this.#ring.length, bytes: this.#ringBytes };
  }

  listen(listener: LogListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: LogListener): void {
    this.#listeners.delete(listener);
  }

  /** Adds events, then tells the listeners once. Nothing after the end. */
  append(...events: readonly (readonly [EventName, object])[]): void {
    if (this.#over) return;
    for (const [name, data] of events) {
      this.#keep(makeEvent(++this.#head, name, data));
      if (name === "bye") this.#over = true;
    }
    for (const listener of this.#listeners) listener.logged();
  }

  /** What somebody at that place lacks, oldest first: the whole state for newcomers and for ids of no use here. */
  after(place: Place | undefined): readonly LoggedEvent[] {
    if (place === undefined) return this.#state();
    if (place.epoch !== this.epoch || place.seq > this.#head) return this.#anew("UNKNOWN_ID");
    return this.since(place.seq);
  }

  /** The events after that number, which is one of this log. */
  since(seq: number): readonly LoggedEvent[] {
    if (seq === this.#head) return nothing;
    const first = this.#ring[0]?.seq ?? this.#head + 1;
    return seq + 1 < first ? this.#anew("EVENTS_LOST") : this.#ring.slice(seq + 1 - first);
  }

  #anew(reason: string): readonly LoggedEvent[] {
    return [makeEvent(this.#head, "reset", { reason }), ...this.#state()];
  }

  #state(): readonly LoggedEvent[] {
    return [
      makeEvent(this.#head, "stream", streamStatus(this.stream)),
      makeEvent(this.#head, "capture", captureTime(this.stream)),
    ];
  }

  #keep(event: LoggedEvent): void {
    this.#ring.push(event);
    this.#ringBytes += event.json.length;
    const { maxEvents, maxEventBytes } = this.#limits;
    while (
      this.#ring.length > 1 &&
      (this.#ring.length > maxEvents || this.#ringBytes > maxEventBytes)
    ) {
      this.#ringBytes -= this.#ring.shift()?.json.length ?? 0;
    }
  }
}

const nothing: readonly LoggedEvent[] = [];

/** An event outside the ring, for one client. */
export function makeEvent(seq: number, name: EventName, data: object): LoggedEvent {
  const json = JSON.stringify(data);
  return { seq, name, json, sse: unpooled(writeSseEvent({ event: name, data: json })) };
}

/** In memory of its own: in Node's pool, an event that is kept would keep eight kilobytes of others. */
function unpooled(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** The map at this moment. */
export function captureTime(stream: Stream): CaptureTime {
  const streamTimeUs = stream.nowUs();
  return { streamTimeUs, wallMs: Math.round(stream.captureWallMs(streamTimeUs) * 1000) / 1000 };
}
