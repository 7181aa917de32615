import { SignalingError } from "../session/index.ts";
import type { BoundSession } from "./bound-session.ts";

/** All sessions that were opened over socket.io and may still be used or resumed. */
export class SessionBook {
  readonly #sessions = new Map<string, BoundSession>();

  get size(): number {
    return this.#sessions.size;
  }

  add(session: BoundSession): void {
    this.#sessions.set(session.id, session);
  }

  delete(session: BoundSession): void {
    this.#sessions.delete(session.id);
  }

  /**
   * The session for whom knows its secret.
   * @throws SignalingError `SESSION_NOT_FOUND`; the reason of its end, when it ended while nobody was connected.
   */
  resume(id: string, secret: string): BoundSession {
    const session = this.#sessions.get(id);
    if (session === undefined || !session.owns(secret)) {
      throw new SignalingError("SESSION_NOT_FOUND", "No such session, or it is over.");
    }
    if (session.endReason !== undefined) {
      throw new SignalingError(session.endReason, "The session ended meanwhile.");
    }
    return session;
  }

  /** Ends every session; the clients are told by the caller. */
  close(reason: string): void {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) session.close(reason);
  }
}
