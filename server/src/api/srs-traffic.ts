import type { ActivityObserver, Publisher, Registry, Stream, Viewer } from "../core/index.ts";

/** Bytes since something began. */
export interface Traffic {
  readonly sent: number;
  readonly received: number;
}

/** Counts the bytes of streams and of the server together with those of sessions that ended. */
export class SrsTraffic implements ActivityObserver {
  readonly #registry: Registry;
  /** Of ended sessions, by the id of streams that are there. */
  readonly #ended = new Map<string, Traffic>();
  #gone: Traffic = { sent: 0, received: 0 };

  constructor(registry: Registry) {
    this.#registry = registry;
    registry.watch(this);
  }

  /** Of all sessions of a stream, those that ended among them. */
  ofStream(stream: Stream): Traffic {
    const publisher = this.#registry.publisher(stream.name);
    return [publisher, ...stream.viewers.values()].reduce(
      (sum, session) => plus(sum, trafficOf(session)),
      this.#ended.get(stream.id) ?? { sent: 0, received: 0 },
    );
  }

  /** Of everything since the start. */
  get total(): Traffic {
    return this.#registry
      .list()
      .reduce((sum, stream) => plus(sum, this.ofStream(stream)), this.#gone);
  }

  publishEnded(publisher: Publisher): void {
    this.#add(publisher.stream, trafficOf(publisher));
  }

  playEnded(stream: Stream, viewer: Viewer): void {
    this.#add(stream, trafficOf(viewer));
  }

  #add(stream: Stream, traffic: Traffic): void {
    // Viewers of a stream that ended go after it.
    if (this.#registry.get(stream.name) !== stream || stream.state === "ended") {
      const before = this.#ended.get(stream.id) ?? { sent: 0, received: 0 };
      this.#ended.delete(stream.id);
      this.#gone = plus(this.#gone, plus(before, traffic));
      return;
    }
    this.#ended.set(stream.id, plus(this.#ended.get(stream.id), traffic));
  }

  streamChanged(stream: Stream, change: { readonly type: string; readonly state?: string }): void {
    if (change.type === "state" && change.state === "offline") {
      this.#add(stream, { sent: 0, received: 0 });
    }
  }
}

/** What a session counts itself. */
export function trafficOf(session: Publisher | Viewer | undefined): Traffic {
  const stats = session?.info.stats?.() as
    | { readonly bytesSent?: number; readonly bytesReceived?: number }
    | undefined;
  return {
    sent: Math.round(stats?.bytesSent ?? 0),
    received: Math.round(stats?.bytesReceived ?? 0),
  };
}

function plus(a: Traffic | undefined, b: Traffic): Traffic {
  return { sent: (a?.sent ?? 0) + b.sent, received: (a?.received ?? 0) + b.received };
}
