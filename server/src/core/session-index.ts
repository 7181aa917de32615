import type { ActivityObserver } from "./activity.ts";
import type { Publisher } from "./publisher.ts";
import type { Stream } from "./stream.ts";
import type { Viewer } from "./viewer.ts";

/** All sessions of all streams by their ids, so that one is found without looking through them. */
export class SessionIndex implements ActivityObserver {
  readonly #sessions = new Map<string, Publisher | Viewer>();

  get size(): number {
    return this.#sessions.size;
  }

  /** Ends a session; `reason` is a stable code. False: there is none with that id. */
  kick(id: string, reason: string): boolean {
    const session = this.#sessions.get(id);
    session?.info.onKick?.(reason);
    return session !== undefined;
  }

  readonly publishStarted = (publisher: Publisher): void => {
    this.#sessions.set(publisher.id, publisher);
  };

  readonly publishEnded = (publisher: Publisher): void => this.#remove(publisher);

  readonly playStarted = (_: Stream, viewer: Viewer): void => {
    this.#sessions.set(viewer.id, viewer);
  };

  readonly playEnded = (_: Stream, viewer: Viewer): void => this.#remove(viewer);

  #remove(session: Publisher | Viewer): void {
    if (this.#sessions.get(session.id) === session) this.#sessions.delete(session.id);
  }
}
