import type * as z from "zod/mini";
import type { AddressRate } from "../gate/index.ts";
import {
  type ClientEvents,
  type ClockReply,
  callCandidateSchema,
  callDescriptionSchema,
  callResumeSchema,
  callSchema,
  candidateMessageSchema,
  clockSchema,
  descriptionMessageSchema,
  hangupSchema,
  leaveSchema,
  observeSchema,
  openSchema,
  preferSchema,
  publishSchema,
  resumeSchema,
} from "../protocol/index.ts";
import { type JsepGateway, SignalingError } from "../session/index.ts";
import type { CallRooms } from "./call-rooms.ts";
import { ConnectionCalls } from "./connection-calls.ts";
import type { ConnectionPeer, Push } from "./connection-peer.ts";
import { ConnectionSessions } from "./connection-sessions.ts";
import { MessageRates } from "./message-rates.ts";
import { Observations } from "./observations.ts";
import type { SignalingClock, SignalingLimits, SignalingLog } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import { isTellable, refusalOf } from "./refusal.ts";
import type { SessionBook } from "./session-book.ts";

/** What all connections of one server share. */
export interface ConnectionContext {
  readonly gateway: JsepGateway;
  readonly book: SessionBook;
  readonly rooms: CallRooms;
  readonly opens: AddressRate;
  readonly limits: SignalingLimits;
  readonly clock: SignalingClock;
  readonly log: SignalingLog;
}

/** The socket under a connection. */
export interface Link {
  readonly push: Push;
  disconnect(): void;
}

/** One client's signaling connection: checks messages, and hands them to its sessions, observations and calls. */
export class Connection {
  readonly #context: ConnectionContext;
  readonly #link: Link;
  readonly #rates: MessageRates;
  readonly #sessions: ConnectionSessions;
  readonly #observations: Observations;
  readonly #calls: ConnectionCalls;
  #closed = false;

  constructor(context: ConnectionContext, peer: ConnectionPeer, link: Link) {
    const { gateway, book, rooms, limits, clock, opens } = context;
    const { push } = link;
    this.#context = context;
    this.#link = link;
    this.#rates = new MessageRates(limits, clock, opens, peer.address);
    this.#sessions = new ConnectionSessions({ gateway, book, clock, limits, peer, push });
    this.#calls = new ConnectionCalls({ gateway, rooms, limits, peer, push });
    this.#observations = new Observations(gateway, clock, limits, (stream) =>
      push("stream", { stream }),
    );
  }

  /** Takes one message and answers it; never throws. `message` and `event` are what the client sent, unchecked. */
  receive(event: string, message: unknown, reply: (reply: object) => void): void {
    if (this.#closed) return;
    try {
      this.#rates.countMessage();
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

  /**
   * The socket is gone: observations end; sessions and calls wait for their client when it was lost, and end
   * when the client left. May be called twice.
   */
  close(how: "left" | "lost"): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#observations.close();
    this.#calls.close(how);
    this.#sessions.close(how);
  }

  /** The server goes away: the client is told of the end of each of its sessions. */
  sayBye(reason: string): void {
    this.#sessions.sayBye(reason);
  }

  #succeed(outcome: Outcome, reply: (reply: object) => void): void {
    reply({ ok: true, ...outcome.success });
    // The reply may have been one too many for a client that does not read.
    if (!this.#closed) outcome.after?.();
  }

  #refuse(event: string, error: unknown, reply: (reply: object) => void): void {
    const { log } = this.#context;
    if (!isTellable(error)) log.error({ err: error, event }, "signaling failed");
    reply(refusalOf(error));
    if (this.#rates.toleratesRefusal()) return;
    log.warn({ code: "REFUSALS_FULL" }, "signaling connection closed");
    this.#link.disconnect();
  }

  #act(event: string, message: unknown): Outcome | Promise<Outcome> {
    switch (event as keyof ClientEvents) {
      case "watch": {
        const opening = checked(openSchema, message);
        this.#rates.countOpening();
        return this.#sessions.open("watch", opening);
      }
      case "publish": {
        const opening = checked(publishSchema, message);
        this.#rates.countOpening();
        return this.#sessions.open("publish", opening);
      }
      case "description": {
        const described = checked(descriptionMessageSchema, message);
        this.#rates.countDescription();
        return this.#sessions.describe(described);
      }
      case "candidate":
        return this.#sessions.candidate(checked(candidateMessageSchema, message));
      case "prefer": {
        const preferred = checked(preferSchema, message);
        this.#rates.countPreference();
        return this.#sessions.prefer(preferred);
      }
      case "leave":
        return this.#sessions.leave(checked(leaveSchema, message).session);
      case "resume":
        return this.#sessions.resume(checked(resumeSchema, message));
      case "observe":
        return this.#observations.begin(checked(observeSchema, message).stream);
      case "unobserve":
        return this.#observations.end(checked(observeSchema, message).stream);
      case "clock":
        checked(clockSchema, message);
        return { success: this.#clock() };
      case "call": {
        const joining = checked(callSchema, message);
        this.#rates.countOpening();
        return this.#calls.join(joining);
      }
      case "call-resume":
        return this.#calls.resume(checked(callResumeSchema, message));
      case "call-description": {
        const described = checked(callDescriptionSchema, message);
        this.#rates.countDescription();
        return this.#calls.description(described);
      }
      case "call-candidate":
        return this.#calls.candidate(checked(callCandidateSchema, message));
      case "hangup":
        return this.#calls.hangup(checked(hangupSchema, message).call);
      default:
        throw new SignalingError("MESSAGE_UNKNOWN", "There is no such message.");
    }
  }

  #clock(): ClockReply {
    const receivedMs = this.#context.clock.wallMs();
    return { receivedMs, sentMs: this.#context.clock.wallMs() };
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
