import { randomBytes } from "node:crypto";
import type {
  CallCandidateMessage,
  CallDescriptionMessage,
  CallMessage,
  CallResumed,
  CallResumeMessage,
  Joined,
  ServerEvent,
  ServerMessage,
} from "../protocol/index.ts";
import { type JsepGateway, SignalingError } from "../session/index.ts";
import { type CallRooms, notFound } from "./call-rooms.ts";
import type { CallSeat, SeatOwner } from "./call-seat.ts";
import type { ConnectionPeer, Push } from "./connection-peer.ts";
import type { SignalingLimits } from "./options.ts";
import type { Outcome } from "./outcome.ts";

/** What a connection's calls need of it and of the server. */
export interface CallsOptions {
  readonly gateway: JsepGateway;
  readonly rooms: CallRooms;
  readonly limits: SignalingLimits;
  readonly peer: ConnectionPeer;
  readonly push: Push;
}

/** The seats that one connection has in rooms. */
export class ConnectionCalls implements SeatOwner {
  readonly #options: CallsOptions;
  readonly #seats = new Map<string, CallSeat>();
  #joining = 0;
  #closed = false;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  /** @throws SignalingError `CALLS_UNSUPPORTED`, `CALLS_FULL`, `ROOM_FULL`, and what the gateway throws. */
  async join(message: CallMessage): Promise<Outcome> {
    const { gateway, rooms, peer } = this.#options;
    if (gateway.call === undefined) {
      throw new SignalingError("CALLS_UNSUPPORTED", "There are no direct calls here.");
    }
    this.#assertSpace();
    rooms.assertSpace(peer.address);
    this.#joining += 1;
    try {
      await gateway.call({
        room: message.room,
        token: message.token ?? peer.token,
        address: peer.address,
        userAgent: peer.userAgent,
      });
      if (this.#closed) {
        throw new SignalingError("SIGNALING_LOST", "The connection closed meanwhile.");
      }
      const iceServers = gateway.iceServers?.(randomBytes(8).toString("hex")) ?? [];
      const seat = rooms.join(message.room, peer.address);
      this.#seats.set(seat.id, seat);
      const { id, resume, polite } = seat;
      const success: Joined = { call: id, resume, polite, iceServers, peers: peersOf(seat) };
      return { success, after: () => seat.attach(this, 0) };
    } finally {
      this.#joining -= 1;
    }
  }

  /** @throws SignalingError `CALL_NOT_FOUND`, `CALLS_FULL`. */
  resume({ call, resume, received }: CallResumeMessage): Outcome {
    if (!this.#seats.has(call)) this.#assertSpace();
    const { rooms } = this.#options;
    const seat = rooms.resume(call, resume, received);
    this.#seats.set(seat.id, seat);
    const success: CallResumed = { peers: peersOf(seat) };
    return {
      success,
      after: () => {
        seat.attach(this, received);
        rooms.introduce(seat);
      },
    };
  }

  /** @throws SignalingError `CALL_NOT_FOUND`, `PEER_ABSENT`. */
  description({ call, seq, description }: CallDescriptionMessage): Outcome {
    this.#seat(call).relayDescription(description, seq);
    return { success: {} };
  }

  /** @throws SignalingError `CALL_NOT_FOUND`, `PEER_ABSENT`. */
  candidate({ call, seq, candidate }: CallCandidateMessage): Outcome {
    this.#seat(call).relayCandidate(candidate, seq);
    return { success: {} };
  }

  /** Hanging up twice is no error. */
  hangup(call: string): Outcome {
    const seat = this.#seats.get(call);
    this.#seats.delete(call);
    if (seat !== undefined) this.#options.rooms.leave(seat);
    return { success: {} };
  }

  push<Event extends ServerEvent>(event: Event, message: ServerMessage<Event>): void {
    this.#options.push(event, message);
  }

  released(seat: CallSeat): void {
    this.#seats.delete(seat.id);
  }

  /** The connection is gone: its seats wait for a `call-resume` when it was lost, and are given up when the client left. */
  close(how: "left" | "lost"): void {
    this.#closed = true;
    for (const seat of this.#seats.values()) {
      if (how === "left") this.#options.rooms.leave(seat);
      else seat.detach(this);
    }
    this.#seats.clear();
  }

  #assertSpace(): void {
    if (this.#seats.size + this.#joining < this.#options.limits.maxCallsPerSocket) return;
    throw new SignalingError("CALLS_FULL", "Too many calls on one connection.");
  }

  #seat(call: string): CallSeat {
    const seat = this.#seats.get(call);
    if (seat === undefined) throw notFound();
    return seat;
  }
}

const peersOf = (seat: CallSeat): number => (seat.other === undefined ? 0 : 1);
