import type { ActivityObserver, PublisherInfo, Registry, ViewerInfo } from "../core/index.ts";
import { addCounts, countsOf, noCounts, type SessionCounts } from "./session-figures.ts";

/** Counts of all sessions there ever were, by transport. */
export interface Totals {
  readonly viewers: ReadonlyMap<string, Readonly<SessionCounts>>;
  readonly publishers: ReadonlyMap<string, Readonly<SessionCounts>>;
}

/** Keeps what ended sessions counted, so that the sum with those that run never falls when one ends. */
export class SessionTotals implements ActivityObserver {
  readonly #registry: Registry;
  readonly #viewers = new Map<string, SessionCounts>();
  readonly #publishers = new Map<string, SessionCounts>();

  /** The registry's activity has to be told to it from the beginning. */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  publishEnded({ info }: { readonly info: PublisherInfo }): void {
    add(this.#publishers, info);
  }

  playEnded(_: unknown, { info }: { readonly info: ViewerInfo }): void {
    add(this.#viewers, info);
  }

  /** Asks every session that runs for its figures. */
  read(): Totals {
    const viewers = copy(this.#viewers);
    const publishers = copy(this.#publishers);
    for (const stream of this.#registry.list()) {
      for (const { info } of stream.viewers.values()) add(viewers, info);
      const publisher = this.#registry.publisher(stream.name);
      if (publisher !== undefined) add(publishers, publisher.info);
    }
    return { viewers, publishers };
  }
}

function add(to: Map<string, SessionCounts>, info: ViewerInfo | PublisherInfo): void {
  const counts = to.get(info.transport) ?? noCounts();
  addCounts(counts, countsOf(info.stats?.()));
  to.set(info.transport, counts);
}

function copy(of: ReadonlyMap<string, SessionCounts>): Map<string, SessionCounts> {
  return new Map([...of].map(([transport, counts]) => [transport, { ...counts }]));
}
