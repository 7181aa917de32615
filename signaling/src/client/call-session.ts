import {
  type Candidate,
  type Description,
  type IceServer,
  type Joined,
  SignalingError,
} from "../protocol/index.ts";
import { CallOutbox, type CallWord } from "./call-outbox.ts";
import { Emitter } from "./emitter.ts";
import type { Negotiating, NegotiationChannel, NegotiationEvents } from "./negotiate.ts";
import { type LastingOptions, type LastingPeer, negotiateLasting } from "./negotiate-lasting.ts";

/** What a call tells its owner. `bye` has a reason such as `CALL_NOT_FOUND` or `CLOSED`; media may outlive it. */
export interface CallEvents extends NegotiationEvents {
  /** The other came or went. Who comes next needs a new peer connection: `connect` again. */
  readonly peer: { readonly present: boolean };
}

/** How a call sends. Made by `SignalingClient`. */
export interface CallChannel {
  /** Over the present connection only. @throws SignalingError. */
  say(word: CallWord, message: object): Promise<void>;
  hangUp(): void;
}

/** What the other said before there was a peer connection to tell it. */
type Early = { readonly [Name in "description" | "candidate"]?: NegotiationEvents[Name] };

const maxEarly = 128;

/**
 * A place in a room for two, and the negotiation with whoever has the other one. Media goes from browser to
 * browser. Survives reconnections of the client that opened it.
 */
export class CallSession implements NegotiationChannel {
  readonly id: string;
  readonly room: string;
  /** Who of the two gives way when offers collide; the other one makes the first offer. */
  readonly polite: boolean;
  /** For `RTCConfiguration.iceServers`. The credentials are secret and short-lived. */
  readonly iceServers: readonly IceServer[];
  readonly #channel: CallChannel;
  readonly #outbox: CallOutbox;
  readonly #events = new Emitter<CallEvents>();
  #present: boolean;
  #received = 0;
  #early: Early[] = [];
  #next: { readonly pc: LastingPeer; readonly options: LastingOptions } | undefined;
  #negotiating: Negotiating | undefined;
  #endReason: string | undefined;

  constructor(room: string, joined: Joined, channel: CallChannel) {
    this.id = joined.call;
    this.room = room;
    this.polite = joined.polite;
    this.iceServers = joined.iceServers;
    this.#present = joined.peers > 0;
    this.#channel = channel;
    this.#outbox = new CallOutbox((word, message) => channel.say(word, message));
  }

  /** Whether the other is there. */
  get isPeerPresent(): boolean {
    return this.#present;
  }

  /** Why the call is over; undefined while it lives. */
  get endReason(): string | undefined {
    return this.#endReason;
  }

  /** Returns how to stop. */
  on<Name extends keyof CallEvents>(
    name: Name,
    listener: (payload: CallEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Negotiates on this peer connection, which stays the caller's: with the other who is there, or as soon as
   * somebody comes, until that one goes. Add tracks before or at any time. One that has not been used yet may
   * be replaced by calling again. @throws Error while one is in use: it cannot be changed under the other.
   */
  connect(
    pc: LastingPeer,
    options: Omit<LastingOptions, "politeness" | "opening"> = { failed() {} },
  ): void {
    if (this.#endReason !== undefined) return;
    if (this.#negotiating !== undefined) throw new Error("the call has a peer connection");
    this.#next = {
      pc,
      options: {
        ...options,
        politeness: this.polite ? "polite" : "impolite",
        opening: this.polite ? "await" : "offer",
      },
    };
    this.#begin();
  }

  /** Gives the place up; the other is told. No `bye` follows. May be called twice. */
  hangUp(): void {
    if (this.#endReason !== undefined) return;
    this.#end("LEFT");
    this.#channel.hangUp();
    this.#events.clear();
  }

  /** Sends a description to the other. @throws SignalingError, such as `PEER_ABSENT`. */
  async describe(description: Description): Promise<undefined> {
    await this.#outbox.say("call-description", { description });
  }

  /** Sends a candidate to the other, null after the last. @throws SignalingError. */
  candidate(candidate: Candidate | null): Promise<void> {
    return this.#outbox.say("call-candidate", { candidate });
  }

  /** For the client that owns the call: the number of the last message that arrived. */
  get received(): number {
    return this.#received;
  }

  /** For the client that owns the call: passes on what the server pushed. */
  receive<Name extends "description" | "candidate" | "peer">(
    name: Name,
    payload: CallEvents[Name],
    seq: number | undefined,
  ): void {
    if (this.#endReason !== undefined || (seq !== undefined && seq <= this.#received)) return;
    this.#received = seq ?? this.#received;
    if (name === "peer") this.#peerIs((payload as CallEvents["peer"]).present);
    else if (this.#negotiating !== undefined) this.#events.emit(name, payload);
    else if (this.#early.length < maxEarly) this.#early.push({ [name]: payload });
  }

  /** For the client that owns the call: the connection is lost. */
  suspend(): void {
    this.#outbox.suspend();
  }

  /** For the client that owns the call: the place is ours over a new connection. */
  resume(): void {
    this.#outbox.resume();
    this.#events.emit("resumed", undefined);
  }

  /** For the client that owns the call: it is over. */
  end(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#end(reason);
    this.#events.emit("bye", { reason });
    this.#events.clear();
  }

  #peerIs(present: boolean): void {
    if (present === this.#present) return;
    this.#present = present;
    if (!present) {
      this.#early = [];
      this.#negotiating?.close();
      this.#negotiating = undefined;
    }
    this.#begin();
    this.#events.emit("peer", { present });
  }

  #begin(): void {
    const next = this.#next;
    if (!this.#present || next === undefined) return;
    this.#next = undefined;
    this.#negotiating = negotiateLasting(next.pc, this, next.options);
    const early = this.#early;
    this.#early = [];
    for (const { description, candidate } of early) {
      if (description !== undefined) this.#events.emit("description", description);
      if (candidate !== undefined) this.#events.emit("candidate", candidate);
    }
  }

  #end(reason: string): void {
    this.#endReason = reason;
    this.#negotiating?.close();
    this.#negotiating = undefined;
    this.#next = undefined;
    this.#early = [];
    this.#outbox.close(new SignalingError("SESSION_CLOSED", "The call is over."));
  }
}
