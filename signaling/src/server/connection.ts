import type * as z from "zod/mini";
import { type AddressRate, TokenBucket } from "../gate/index.ts";
import {
  type CandidateMessage,
  type ClientEvents,
  type ClockReply,
  candidateMessageSchema,
  clockSchema,
  type DescriptionMessage,
  type DescriptionReply,
  descriptionMessageSchema,
  leaveSchema,
  type OpenMessage,
  observeSchema,
  openSchema,
  type ResumeMessage,
  resumeSchema,
  type ServerEvent,
  type ServerMessage,
  type StatusReply,
} from "../protocol/index.ts";
import { type JsepGateway, SignalingError } from "../session/index.ts";
import { BoundSession, type SessionOwner } from "./bound-session.ts";
import { Observations, statusOf } from "./observations.ts";
import type { SignalingClock, SignalingLimits, SignalingLog } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import { isTellable, refusalOf } from "./refusal.ts";
import type { SessionBook } from "./session-book.ts";

/** What all connections of one server share. */
export interface ConnectionContext {
  readonly gateway: JsepGateway;
  readonly book: SessionBook;
  readonly opens: AddressRate;
  readonly limits: SignalingLimits;
  readonly clock: SignalingClock;
  readonly log: SignalingLog;
}

/** Who is at the other end, as the handshake said. */
export interface ConnectionPeer {
  readonly address: string;
  readonly userAgent: string | undefined;
  readonly token: string | undefined;
}

/** The socket under a connection. */
export interface Link {
  push<Event extends ServerEvent>(event: Event, message: ServerMessage<Event>): void;
  disconnect(): void;
}

/** One client's signaling connection: checks messages, holds its sessions and observations. */
export class Connection implements SessionOwner {
  readonly #context: ConnectionContext;
  readonly #peer: ConnectionPeer;
  readonly #link: Link;
  readonly #messages: TokenBucket;
  readonly #refusals: TokenBucket;
  readonly #descriptions: TokenBucket;
  readonly #sessions = new Map<string, BoundSession>();
  readonly #observations: Observations;
  #opening = 0;
  #closed = false;

  constructor(context: ConnectionContext, peer: ConnectionPeer, link: Link) {
    const nowUs = context.clock.nowUs();
    this.#context = context;
    this.#peer = peer;
    this.#link = link;
    this.#observations = new Observations(
      context.gateway,
      context.clock,
      context.limits,
      (stream) => link.push("stream", { stream }),
    );
    this.#messages = new TokenBucket(context.limits.messages, nowUs);
    this.#refusals = new TokenBucket(context.limits.refusals, nowUs);
    this.#descriptions = new TokenBucket(context.limits.descriptions, nowUs);
  }

  /** Takes one message and answers it; never throws. `message` and `event` are what the client sent, unchecked. */
  receive(event: string, message: unknown, reply: (reply: object) => void): void {
    if (this.#closed) return;
    try {
      if (!this.#messages.take(this.#context.clock.nowUs())) {
        throw new SignalingError("RATE_LIMITED", "Too many messages.");
      }
      const outcome = this.#act(event, message);
      if (outcome instanceof Promise) {
        outcome.then(
          (done) => this.#succeed(done, reply),
          (error: unknown) => this.#refuse(event, error, reply),
        );
      } else {
        this.#succeed(outcome, reply);
      }
    } catch (error) {
      this.#refuse(event, error, reply);
    }
  }

  push<Event extends ServerEvent>(event: Event, message: ServerMessage<Event>): void {
    this.#link.push(event, message);
  }

  released(session: BoundSession): void {
    this.#sessions.delete(session.id);
  }

  /**
   * The socket is gone: observations end; sessions wait for a `resume` when it was lost, and end when the
   * client left. May be called twice.
   */
  close(how: "left" | "lost"): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#observations.close();
    if (how === "left") for (const id of [...this.#sessions.keys()]) this.#leave(id);
    for (const session of this.#sessions.values()) session.detach(this);
    this.#sessions.clear();
  }

  /** The server goes away: the client is told of the end of each of its sessions. The book closes them. */
  sayBye(reason: string): void {
    for (const session of this.#sessions.values()) {
      this.#link.push("bye", { session: session.id, reason });
    }
  }

  #succeed(outcome: Outcome, reply: (reply: object) => void): void {
    reply({ ok: true, ...outcome.success });
    outcome.after?.();
  }

  #refuse(event: string, error: unknown, reply: (reply: object) => void): void {
    if (!isTellable(error)) this.#context.log.error({ err: error, event }, "signaling failed");
    reply(refusalOf(error));
    if (this.#refusals.take(this.#context.clock.nowUs())) return;
    this.#context.log.warn({ code: "REFUSALS_FULL" }, "signaling connection closed");
    this.#link.disconnect();
  }

  #act(event: string, message: unknown): Outcome | Promise<Outcome> {
    switch (event as keyof ClientEvents) {
      case "watch":
        return this.#open("watch", checked(openSchema, message));
      case "publish":
        return this.#open("publish", checked(openSchema, message));
      case "description":
        return this.#describe(checked(descriptionMessageSchema, message));
      case "candidate":
        return this.#candidate(checked(candidateMessageSchema, message));
      case "leave":
        return this.#leave(checked(leaveSchema, message).session);
      case "resume":
        return this.#resume(checked(resumeSchema, message));
      case "observe":
        return this.#observations.begin(checked(observeSchema, message).stream);
      case "unobserve":
        return this.#observations.end(checked(observeSchema, message).stream);
      case "clock":
        checked(clockSchema, message);
        return { success: this.#clock() };
      default:
        throw new SignalingError("MESSAGE_UNKNOWN", "There is no such message.");
    }
  }

  async #open(action: "watch" | "publish", message: OpenMessage): Promise<Outcome> {
    const { gateway, book, opens, limits, clock } = this.#context;
    if (this.#sessions.size + this.#opening >= limits.maxSessionsPerSocket) {
      throw new SignalingError("SESSIONS_FULL", "Too many sessions on one connection.");
    }
    if (opens.take(this.#peer.address, clock.nowUs()) > 0) {
      throw new SignalingError("RATE_LIMITED", "Too many new sessions.");
    }
    const session = new BoundSession(clock, limits, (ended) => book.delete(ended));
    this.#opening += 1;
    try {
      const jsep = await gateway.open(
        {
          action,
          stream: message.stream,
          token: message.token ?? this.#peer.token,
          address: this.#peer.address,
          transport: "webrtc",
          userAgent: this.#peer.userAgent,
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

  async #describe(message: DescriptionMessage): Promise<Outcome> {
    const session = this.#session(message.session);
    if (!this.#descriptions.take(this.#context.clock.nowUs())) {
      throw new SignalingError("RATE_LIMITED", "Too many descriptions.");
    }
    if (message.description.type === "answer") {
      session.acceptAnswer();
      return { success: {} };
    }
    const sdp = await session.describe(message.description.sdp);
    const success: DescriptionReply = { description: { type: "answer", sdp } };
    return { success };
  }

  #candidate(message: CandidateMessage): Outcome {
    this.#session(message.session).addCandidate(message.candidate);
    return { success: {} };
  }

  /** Leaving twice, or a session that ended meanwhile, is no error: the client's wish is fulfilled. */
  #leave(id: string): Outcome {
    const session = this.#sessions.get(id);
    if (session !== undefined) {
      this.#sessions.delete(id);
      this.#context.book.delete(session);
      session.close("LEFT");
    }
    return { success: {} };
  }

  #resume(message: ResumeMessage): Outcome {
    const { book, limits } = this.#context;
    const session = book.resume(message.session, message.resume);
    const held = this.#sessions.has(session.id);
    if (!held && this.#sessions.size + this.#opening >= limits.maxSessionsPerSocket) {
      throw new SignalingError("SESSIONS_FULL", "Too many sessions on one connection.");
    }
    const stream = session.status;
    if (stream === undefined) throw new Error("a session in the book has no status");
    this.#sessions.set(session.id, session);
    const success: StatusReply = { stream };
    return { success, after: () => session.attach(this, stream) };
  }

  #clock(): ClockReply {
    const receivedMs = this.#context.clock.wallMs();
    return { receivedMs, sentMs: this.#context.clock.wallMs() };
  }

  #session(id: string): BoundSession {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw new SignalingError("SESSION_NOT_FOUND", "No such session on this connection.");
  }
}

function checked<Message extends object>(
  schema: z.ZodMiniType<Message>,
  message: unknown,
): Message {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join(".") ?? "";
  throw new SignalingError("MESSAGE_INVALID", `The message is malformed at "${where}".`);
}
