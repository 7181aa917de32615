import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Candidate, Description, ServerEvent, ServerMessage } from "../protocol/index.ts";
import { SignalingError } from "../session/index.ts";
import { CallBacklog, type Pushed } from "./call-backlog.ts";
import type { SignalingClock, SignalingLimits } from "./options.ts";

/** The connection that a seat talks through at the moment. */
export interface SeatOwner {
  push<Event extends ServerEvent>(event: Event, message: ServerMessage<Event>): void;
  /** The seat has moved to another connection. */
  released(seat: CallSeat): void;
}

/** What a seat is made of. `lost` is called when nobody came back for it in time. */
export interface SeatOptions {
  readonly room: string;
  /** The client's address, for counting. */
  readonly address: string;
  readonly polite: boolean;
  readonly clock: SignalingClock;
  readonly limits: SignalingLimits;
  readonly lost: (seat: CallSeat) => void;
}

/**
 * One of the two places in a room. Passes on what the other says and nothing else; without a connection it
 * waits `recoveryMs` for its client.
 */
export class CallSeat {
  /** Names the seat in its own client's messages. */
  readonly id: string = randomBytes(16).toString("base64url");
  /** Lets another connection keep the seat. Secret. */
  readonly resume: string = randomBytes(16).toString("base64url");
  readonly room: string;
  readonly address: string;
  readonly polite: boolean;
  readonly #options: SeatOptions;
  readonly #backlog: CallBacklog;
  #owner: SeatOwner | undefined;
  #other: CallSeat | undefined;
  #recovery: { cancel(): void } | undefined;
  #received = 0;

  constructor(options: SeatOptions) {
    const { clock, limits } = options;
    const { pingIntervalMs, pingTimeoutMs, recoveryMs } = limits;
    this.room = options.room;
    this.address = options.address;
    this.polite = options.polite;
    this.#options = options;
    this.#backlog = new CallBacklog(
      clock,
      limits.maxCallBacklog,
      pingIntervalMs + pingTimeoutMs + recoveryMs,
    );
  }

  /** The other one, once both know of each other. */
  get other(): CallSeat | undefined {
    return this.#other;
  }

  /** True while nobody is connected and a `call-resume` is awaited. */
  get isVacant(): boolean {
    return this.#recovery !== undefined;
  }

  /** The other is there, and the client knows it from the reply. */
  find(other: CallSeat): void {
    this.#other = other;
  }

  /** The other came: the client is told. */
  meet(other: CallSeat): void {
    this.#other = other;
    this.#push("call-peer", { present: true }, 0);
  }

  /** The other went: the client is told. Without effect when it is somebody else than the one met. */
  part(other: CallSeat): void {
    if (this.#other !== other) return;
    this.#other = undefined;
    this.#backlog.clear();
    this.#push("call-peer", { present: false }, 0);
  }

  /** Passes a description to the other. @throws SignalingError `PEER_ABSENT`. */
  relayDescription(description: Description, seq: number | undefined): void {
    const other = this.#present();
    if (this.#isNew(seq)) {
      const { type, sdp } = description;
      other.#push("call-description", { description: { type, sdp } }, sdp.length);
    }
  }

  /** Passes a candidate to the other. @throws SignalingError `PEER_ABSENT`. */
  relayCandidate(candidate: Candidate | null, seq: number | undefined): void {
    const other = this.#present();
    if (!this.#isNew(seq)) return;
    other.#push("call-candidate", { candidate }, candidate?.candidate.length ?? 0);
  }

  /** What its client has not got, when it had the message `received` last. */
  missed(received: number): readonly Pushed[] | undefined {
    return this.#backlog.after(received);
  }

  /** `owner` speaks for the seat from now on; its client gets everything after the message `received`. */
  attach(owner: SeatOwner, received: number): void {
    if (this.#owner !== owner) this.#owner?.released(this);
    this.#owner = owner;
    this.#recovery?.cancel();
    this.#recovery = undefined;
    for (const pushed of this.missed(received) ?? []) this.#send(pushed);
  }

  /** The connection is gone. Without effect when the seat has moved to another one. */
  detach(owner: SeatOwner): void {
    if (this.#owner !== undefined && this.#owner !== owner) return;
    this.#owner = undefined;
    const { clock, limits, lost } = this.#options;
    this.#recovery ??= clock.after(limits.recoveryMs, () => lost(this));
  }

  owns(secret: string): boolean {
    const ours = Buffer.from(this.resume);
    const theirs = Buffer.from(secret);
    return ours.length === theirs.length && timingSafeEqual(ours, theirs);
  }

  /** The seat is given up. May be called twice. */
  close(): void {
    this.#recovery?.cancel();
    this.#recovery = undefined;
    this.#backlog.clear();
    this.#owner = undefined;
    this.#other = undefined;
  }

  #present(): CallSeat {
    if (this.#other !== undefined) return this.#other;
    throw new SignalingError("PEER_ABSENT", "The other is not there.");
  }

  /** False for what came before already and is sent again after a break. */
  #isNew(seq: number | undefined): boolean {
    if (seq === undefined) return true;
    if (seq <= this.#received) return false;
    this.#received = seq;
    return true;
  }

  #push(event: Pushed["event"], body: object, textLength: number): void {
    this.#send(this.#backlog.add(event, body, textLength));
  }

  #send({ event, seq, body }: Pushed): void {
    const message = { call: this.id, seq, ...body };
    // Event and body are joined where they are made, which the types do not show here.
    this.#owner?.push(event, message as ServerMessage<typeof event>);
  }
}
