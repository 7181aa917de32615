import {
  descriptionReplySchema,
  emptyReplySchema,
  type Opened,
  openedSchema,
  type SignalingError,
  statusReplySchema,
} from "../protocol/index.ts";
import type { ServerConnection } from "./connection.ts";
import { type SessionEvents, SignalingSession } from "./signaling-session.ts";

interface OpenSession {
  readonly session: SignalingSession;
  readonly resume: string;
}

/** The sessions that a client has opened, carried over from one connection to the next. */
export class SessionTable {
  readonly #connection: ServerConnection;
  readonly #sessions = new Map<string, OpenSession>();

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  /** @throws SignalingError. */
  open(action: "watch" | "publish", message: object): Promise<SignalingSession> {
    return this.#connection.request(action, message, openedSchema, (opened) => this.#begin(opened));
  }

  /** Connected, for the first time or again. */
  connected(): void {
    for (const [id, { session, resume }] of this.#sessions) {
      this.#connection
        .requestNow("resume", { session: id, resume }, statusReplySchema, ({ stream }) => {
          session.receive("stream", stream);
          session.receive("resumed", undefined);
        })
        .catch((error: SignalingError) => {
          // Lost again: the next connection tries again.
          if (error.code !== "DISCONNECTED" && error.code !== "CLOSED") this.end(id, error.code);
        });
    }
  }

  /** Passes on what the server pushed. Sessions that have ended meanwhile are nobody's business. */
  receive<Name extends keyof SessionEvents>(
    id: string,
    name: Name,
    payload: SessionEvents[Name],
  ): void {
    this.#sessions.get(id)?.session.receive(name, payload);
  }

  end(id: string, reason: string): void {
    const open = this.#sessions.get(id);
    this.#sessions.delete(id);
    open?.session.receive("bye", { reason });
  }

  /** Ends all with `bye`. */
  close(reason: string): void {
    for (const id of [...this.#sessions.keys()]) this.end(id, reason);
  }

  #begin(opened: Opened): SignalingSession {
    const id = opened.session;
    const connection = this.#connection;
    const session = new SignalingSession(id, opened.iceServers, opened.stream, {
      describe: (description) =>
        connection.request(
          "description",
          { session: id, description },
          descriptionReplySchema,
          (reply) => reply.description,
        ),
      candidate: (candidate) =>
        connection.request("candidate", { session: id, candidate }, emptyReplySchema, () => {}),
      prefer: (preference) =>
        connection.request("prefer", { session: id, ...preference }, emptyReplySchema, () => {}),
      leave: () => {
        this.#sessions.delete(id);
        connection.forget("leave", { session: id });
      },
    });
    this.#sessions.set(id, { session, resume: opened.resume });
    return session;
  }
}
