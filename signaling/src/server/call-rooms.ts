import { addressKey } from "../gate/index.ts";
import { SignalingError } from "../session/index.ts";
import { CallSeat } from "./call-seat.ts";
import type { SignalingClock, SignalingLimits } from "./options.ts";

const seatsPerRoom = 2;

/** All rooms for direct calls: two seats each. A room is there while somebody sits in it. */
export class CallRooms {
  readonly #clock: SignalingClock;
  readonly #limits: SignalingLimits;
  readonly #rooms = new Map<string, readonly CallSeat[]>();
  readonly #seats = new Map<string, CallSeat>();
  readonly #perAddress = new Map<string, number>();

  constructor(clock: SignalingClock, limits: SignalingLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Seats that are taken, those that wait for their client included. */
  get size(): number {
    return this.#seats.size;
  }

  /** @throws SignalingError `CALLS_FULL` when this address, or everybody, has as many seats as may be. */
  assertSpace(address: string): void {
    const { maxCalls, maxCallsPerAddress } = this.#limits;
    const ofAddress = this.#perAddress.get(addressKey(address)) ?? 0;
    if (this.#seats.size >= maxCalls || ofAddress >= maxCallsPerAddress) {
      throw new SignalingError("CALLS_FULL", "Too many calls.");
    }
  }

  /**
   * Takes a seat; the other one is told. A seat whose client is away is given up for somebody who is here,
   * such as the same user after a reload of the page.
   * @throws SignalingError `CALLS_FULL`, `ROOM_FULL`.
   */
  join(room: string, address: string): CallSeat {
    this.assertSpace(address);
    const vacant = this.#seatsOf(room).find((seat) => seat.isVacant);
    if (this.#seatsOf(room).length >= seatsPerRoom) {
      if (vacant === undefined) throw new SignalingError("ROOM_FULL", "Two are in the room.");
      this.leave(vacant);
    }
    const [other] = this.#seatsOf(room);
    const seat = new CallSeat({
      room,
      address: addressKey(address),
      // Whoever is there may itself have been the later one of two.
      polite: other !== undefined && !other.polite,
      clock: this.#clock,
      limits: this.#limits,
      lost: (lost) => this.leave(lost),
    });
    this.#rooms.set(room, other === undefined ? [seat] : [other, seat]);
    this.#seats.set(seat.id, seat);
    this.#perAddress.set(seat.address, (this.#perAddress.get(seat.address) ?? 0) + 1);
    if (other?.isVacant === false) {
      seat.find(other);
      other.meet(seat);
    }
    return seat;
  }

  /** Tells of each other whoever is in the room of somebody who has come back, unless they know. */
  introduce(seat: CallSeat): void {
    const other = this.#seatsOf(seat.room).find((one) => one !== seat);
    if (other === undefined || other.isVacant || seat.other !== undefined) return;
    seat.meet(other);
    other.meet(seat);
  }

  /**
   * The seat for whom knows its secret and had the message `received` last.
   * @throws SignalingError `CALL_NOT_FOUND`, also when what was missed is no longer known.
   */
  resume(id: string, secret: string, received: number): CallSeat {
    const seat = this.#seats.get(id);
    if (seat === undefined || !seat.owns(secret)) throw notFound();
    if (seat.missed(received) === undefined) {
      this.leave(seat);
      throw notFound();
    }
    return seat;
  }

  /** Gives a seat up; the other one is told. May be called twice. */
  leave(seat: CallSeat): void {
    if (!this.#seats.delete(seat.id)) return;
    const count = (this.#perAddress.get(seat.address) ?? 1) - 1;
    if (count > 0) this.#perAddress.set(seat.address, count);
    else this.#perAddress.delete(seat.address);
    const rest = this.#seatsOf(seat.room).filter((other) => other !== seat);
    if (rest.length > 0) this.#rooms.set(seat.room, rest);
    else this.#rooms.delete(seat.room);
    seat.close();
    for (const other of rest) other.part(seat);
  }

  /** Gives all seats up without a word: the connections end too. May be called twice. */
  close(): void {
    for (const seat of this.#seats.values()) seat.close();
    this.#seats.clear();
    this.#rooms.clear();
    this.#perAddress.clear();
  }

  #seatsOf(room: string): readonly CallSeat[] {
    return this.#rooms.get(room) ?? [];
  }
}

/** No such seat on this connection, or at all. */
export function notFound(): SignalingError {
  return new SignalingError("CALL_NOT_FOUND", "No such call, or it is over.");
}
