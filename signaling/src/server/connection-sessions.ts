import {
  type CandidateMessage,
  type DescriptionMessage,
  type DescriptionReply,
  type PreferMessage,
  type PublishMessage,
  type ResumeMessage,
  type ServerEvent,
  type ServerMessage,
  SignalingError,
  type StatusReply,
} from "../protocol/index.ts";
import type { JsepGateway } from "../session/index.ts";
import { BoundSession, type SessionOwner } from "./bound-session.ts";
import type { ConnectionPeer, Push } from "./connection-peer.ts";
import { statusOf } from "./observations.ts";
import type { SignalingClock, SignalingLimits } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import type { SessionBook } from "./session-book.ts";

/** What a connection's sessions need of it and of the server. */
export interface SessionsOptions {
  readonly gateway: JsepGateway;
  readonly book: SessionBook;
  readonly clock: SignalingClock;
  readonly limits: SignalingLimits;
  readonly peer: ConnectionPeer;
  readonly push: Push;
}

/** The sessions with the gateway that one connection speaks for. */
export class ConnectionSessions implements SessionOwner {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, BoundSession>();
  #opening = 0;
  #closed = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** @throws SignalingError `SESSIONS_FULL`, `SIGNALING_LOST`, and what the gateway throws. */
  async open(action: "watch" | "publish", message: PublishMessage): Promise<Outcome> {
    const { gateway, book, limits, clock, peer } = this.#options;
    this.#assertSpace();
    const session = new BoundSession(clock, limits, (ended) => book.delete(ended));
    this.#opening += 1;
    try {
      const jsep = await gateway.open(
        {
          action,
          stream: message.stream,
          // Cookies come whoever asks the browser to connect: none ever publishes.
          token: message.token ?? peer.token ?? (action === "watch" ? peer.pass : undefined),
          address: peer.address,
          transport: "webrtc",
          userAgent: peer.userAgent,
          clientId: message.client ?? peer.clientId,
          host: peer.host,
          pageUrl: peer.pageUrl,
          ...(message.takeOver !== undefined && { takeOver: message.takeOver }),
        },
        session,
      );
      session.begin(jsep);
      if (this.#closed) {
        session.close("SIGNALING_LOST");
        throw new SignalingError("SIGNALING_LOST", "The connection closed meanwhile.");
      }
      const stream = session.status ?? statusOf(gateway, message.stream);
      book.add(session);
      this.#sessions.set(session.id, session);
      const { id, resume } = session;
      return {
        success: { session: id, resume, iceServers: jsep.iceServers, stream },
        after: () => session.attach(this, stream),
      };
    } finally {
      this.#opening -= 1;
    }
  }

  /** @throws SignalingError `SESSION_NOT_FOUND`, `NEGOTIATION_ORDER`, and what the gateway throws. */
  async describe({ session, description }: DescriptionMessage): Promise<Outcome> {
    const bound = this.#session(session);
    if (description.type === "answer") {
      bound.acceptAnswer();
      return { success: {} };
    }
    const sdp = await bound.describe(description.sdp);
    const success: DescriptionReply = { description: { type: "answer", sdp } };
    return { success };
  }

  /** @throws SignalingError `SESSION_NOT_FOUND`, `CANDIDATES_FULL`. */
  candidate({ session, candidate }: CandidateMessage): Outcome {
    this.#session(session).addCandidate(candidate);
    return { success: {} };
  }

  /** @throws SignalingError `SESSION_NOT_FOUND`. */
  prefer({ session, ...preference }: PreferMessage): Outcome {
    this.#session(session).prefer(preference);
    return { success: {} };
  }

  /** Leaving twice, or a session that ended meanwhile, is no error: the client's wish is fulfilled. */
  leave(id: string): Outcome {
    const session = this.#sessions.get(id);
    if (session !== undefined) {
      this.#sessions.delete(id);
      this.#options.book.delete(session);
      session.close("LEFT");
    }
    return { success: {} };
  }

  /** @throws SignalingError `SESSION_NOT_FOUND`, `SESSIONS_FULL`, the reason of a session's end. */
  resume(message: ResumeMessage): Outcome {
    const session = this.#options.book.resume(message.session, message.resume);
    if (!this.#sessions.has(session.id)) this.#assertSpace();
    const stream = session.status;
    if (stream === undefined) throw new Error("a session in the book has no status");
    this.#sessions.set(session.id, session);
    const success: StatusReply = { stream };
    return { success, after: () => session.attach(this, stream) };
  }

  push<Event extends ServerEvent>(event: Event, message: ServerMessage<Event>): void {
    this.#options.push(event, message);
  }

  released(session: BoundSession): void {
    this.#sessions.delete(session.id);
  }

  /** The server goes away: the client is told of the end of each session. The book closes them. */
  sayBye(reason: string): void {
    for (const session of this.#sessions.values()) {
      this.#options.push("bye", { session: session.id, reason });
    }
  }

  /** The connection is gone: sessions wait for a `resume` when it was lost, and end when the client left. */
  close(how: "left" | "lost"): void {
    this.#closed = true;
    if (how === "left") for (const id of [...this.#sessions.keys()]) this.leave(id);
    for (const session of this.#sessions.values()) session.detach(this);
    this.#sessions.clear();
  }

  #assertSpace(): void {
    if (this.#sessions.size + this.#opening < this.#options.limits.maxSessionsPerSocket) return;
    throw new SignalingError("SESSIONS_FULL", "Too many sessions on one connection.");
  }

  #session(id: string): BoundSession {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw new SignalingError("SESSION_NOT_FOUND", "No such session on this connection.");
  }
}
