import {
  type CallMessage,
  callResumedSchema,
  emptyReplySchema,
  type Joined,
  joinedSchema,
  type SignalingError,
} from "../protocol/index.ts";
import { type CallEvents, CallSession } from "./call-session.ts";
import type { ServerConnection } from "./connection.ts";

interface OpenCall {
  readonly call: CallSession;
  readonly resume: string;
}

/** The places in rooms that a client has, carried over from one connection to the next. */
export class CallTable {
  readonly #connection: ServerConnection;
  readonly #calls = new Map<string, OpenCall>();

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  /** @throws SignalingError. */
  open(message: CallMessage): Promise<CallSession> {
    return this.#connection.request("call", message, joinedSchema, (joined) =>
      this.#begin(message.room, joined),
    );
  }

  disconnected(): void {
    for (const { call } of this.#calls.values()) call.suspend();
  }

  /** Connected, for the first time or again. */
  connected(): void {
    for (const [id, { call, resume }] of this.#calls) {
      const message = { call: id, resume, received: call.received };
      this.#connection
        .requestNow("call-resume", message, callResumedSchema, () => call.resume())
        .catch((error: SignalingError) => {
          // Lost again: the next connection tries again.
          if (error.code !== "DISCONNECTED" && error.code !== "CLOSED") this.#end(id, error.code);
        });
    }
  }

  /** Passes on what the server pushed. */
  receive<Name extends "description" | "candidate" | "peer">(
    id: string,
    name: Name,
    payload: CallEvents[Name],
    seq: number | undefined,
  ): void {
    this.#calls.get(id)?.call.receive(name, payload, seq);
  }

  /** Ends all with `bye`. */
  close(reason: string): void {
    for (const id of [...this.#calls.keys()]) this.#end(id, reason);
  }

  #end(id: string, reason: string): void {
    const open = this.#calls.get(id);
    this.#calls.delete(id);
    open?.call.end(reason);
  }

  #begin(room: string, joined: Joined): CallSession {
    const id = joined.call;
    const connection = this.#connection;
    const call = new CallSession(room, joined, {
      say: (word, message) =>
        connection.requestNow(word, { call: id, ...message }, emptyReplySchema, () => {}),
      hangUp: () => {
        this.#calls.delete(id);
        connection.forget("hangup", { call: id });
      },
    });
    this.#calls.set(id, { call, resume: joined.resume });
    return call;
  }
}
