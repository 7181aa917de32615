import type { Clock, Log, Stream } from "../../core/index.ts";
import type { DataMedia } from "../peer.ts";
import { DataHub } from "./hub.ts";

/** Takes SCTP packets of one peer (RFC 8261). */
export interface DataHandler {
  /** `bytes` are the handler's only until it returns. */
  receive(bytes: Uint8Array, nowUs: number): void;
  /** May be called twice. */
  close(): void;
}

/** Begins the data channels of a connected peer; `send` takes SCTP packets. Whoever calls closes what it gets. */
export type OpenData = (send: (packet: Uint8Array) => void, media: DataMedia) => DataHandler;

/** Who hears what a viewer sends on a data channel: the publisher, the other viewers too, or nobody. */
export type DataFromViewers = "publisher" | "everybody" | "nobody";

export interface DataHubsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly fromViewers: DataFromViewers;
}

/** The data hub of each stream that has had a peer with data channels; it ends with the stream. */
export class DataHubs {
  readonly #options: DataHubsOptions;
  readonly #hubs = new Map<Stream, { readonly hub: DataHub; stopObserving(): void }>();
  #closed = false;

  constructor(options: DataHubsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#hubs.size;
  }

  /** How a session of `stream` joins its hub. `session` names it in logs. */
  opener(stream: Stream, role: "publisher" | "viewer", session: string): OpenData {
    const log = this.#options.log.child({ stream: stream.name, session });
    return (send, media) =>
      this.#of(stream).join(role, {
        media,
        send,
        channelClosed: (label, code) => log.info({ label, code }, "a data channel was closed"),
      });
  }

  /** Closes all. May be called twice. */
  close(): void {
    this.#closed = true;
    for (const stream of [...this.#hubs.keys()]) this.#forget(stream);
  }

  #of(stream: Stream): DataHub {
    const present = this.#hubs.get(stream);
    if (present !== undefined) return present.hub;
    const { clock, fromViewers } = this.#options;
    const hub = new DataHub({
      clock,
      viewersMaySend: fromViewers !== "nobody",
      echoAmongViewers: fromViewers === "everybody",
    });
    if (this.#closed || stream.state === "ended") {
      hub.close();
      return hub;
    }
    const stopObserving = stream.observe((change) => {
      if (change.type === "state" && change.state === "offline") this.#forget(stream);
    });
    this.#hubs.set(stream, { hub, stopObserving });
    return hub;
  }

  #forget(stream: Stream): void {
    const entry = this.#hubs.get(stream);
    this.#hubs.delete(stream);
    entry?.stopObserving();
    entry?.hub.close();
  }
}
