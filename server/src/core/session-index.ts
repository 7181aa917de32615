import type { ActivityObserver } from "./activity.ts";
import type { Publisher } from "./publisher.ts";
import type { Stream } from "./stream.ts";
import type { Viewer } from "./viewer.ts";

/** The session of a publisher, or of a viewer with its stream. */
export type Session =
  | { readonly role: "publisher"; readonly publisher: Publisher }
  | { readonly role: "viewer"; readonly stream: Stream; readonly viewer: Viewer };

/** All sessions of all streams by their ids, so that one is found without looking through them. */
export class SessionIndex implements ActivityObserver {
  readonly #sessions = new Map<string, Session>();

  get size(): number {
    return this.#sessions.size;
  }

  get(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** Ends a session; `reason` is a stable code. False: there is none with that id. */
  kick(id: string, reason: string): boolean {
    const session = this.#sessions.get(id);
    if (session?.role === "publisher") session.publisher.info.onKick(reason);
    else session?.viewer.info.onKick?.(reason);
    return session !== undefined;
  }

  readonly publishStarted = (publisher: Publisher): void => {
    this.#sessions.set(publisher.id, { role: "publisher", publisher });
  };

  readonly publishEnded = ({ id }: Publisher): void => void this.#sessions.delete(id);

  readonly playStarted = (stream: Stream, viewer: Viewer): void => {
    this.#sessions.set(viewer.id, { role: "viewer", stream, viewer });
  };

  readonly playEnded = (_: Stream, { id }: Viewer): void => void this.#sessions.delete(id);
}
