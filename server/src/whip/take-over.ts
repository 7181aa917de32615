import { createHash, timingSafeEqual } from "node:crypto";
import type { SessionRequest } from "@millrace/signaling/session";

export interface TakeOverLimits {
  /** After a take-over by equal token the next one of that stream has to wait so long, twice as long each time. */
  readonly takeOverRestMs: number;
  /** What that wait grows to. */
  readonly maxTakeOverRestMs: number;
}

/** Whoever publishes one stream over HTTP, and whether its name changed hands lately. */
interface Seat {
  readonly stream: string;
  /** Sessions that publish it, with the digest of the token they showed. */
  readonly holders: Map<object, Buffer | undefined>;
  restMs: number;
  restsUntilUs: number;
}

/** Somebody's right to publish a stream, settled before the gateway is asked. */
export interface Claim {
  /** The present publisher has to give way. */
  readonly takeOver: boolean;
  /** It gives way to its own token. */
  readonly byToken: boolean;
  readonly seat: Seat;
  readonly digest: Buffer | undefined;
}

/**
 * Decides who may push a stream's present publisher aside. An encoder that crashed comes back long before its old
 * session is seen to be dead, and shows the same token: it gets its stream back. Two encoders that share a token
 * by mistake would push each other aside forever, so that each such take-over makes the next one wait.
 */
export class TakeOvers {
  readonly #limits: TakeOverLimits;
  readonly #seats = new Map<string, Seat>();

  constructor(limits: TakeOverLimits) {
    this.#limits = limits;
  }

  /** Streams that somebody publishes over HTTP. */
  get size(): number {
    return this.#seats.size;
  }

  /** `takeOver` of the request is what the client asked for in words; without it the token decides. */
  claim({ stream, token, takeOver }: SessionRequest, nowUs: number): Claim {
    const digest = token ? createHash("sha256").update(token).digest() : undefined;
    const seat = this.#seats.get(stream) ?? {
      stream,
      holders: new Map(),
      restMs: this.#limits.takeOverRestMs,
      restsUntilUs: 0,
    };
    if (takeOver !== undefined) return { takeOver, byToken: false, seat, digest };
    const byToken = digest !== undefined && nowUs >= seat.restsUntilUs && holds(seat, digest);
    return { takeOver: byToken, byToken, seat, digest };
  }

  /** The session publishes from now on. */
  hold({ byToken, seat, digest }: Claim, session: object, nowUs: number): void {
    // The seat is gone when its last holder gave way meanwhile, and another one when somebody else was quicker.
    const present = this.#seats.get(seat.stream) ?? seat;
    this.#seats.set(seat.stream, present);
    present.holders.set(session, digest);
    if (!byToken) return;
    present.restsUntilUs = nowUs + present.restMs * 1000;
    present.restMs = Math.min(present.restMs * 2, this.#limits.maxTakeOverRestMs);
  }

  /** The session publishes no more. */
  release(stream: string, session: object): void {
    const seat = this.#seats.get(stream);
    if (seat === undefined) return;
    seat.holders.delete(session);
    if (seat.holders.size === 0) this.#seats.delete(stream);
  }
}

function holds(seat: Seat, digest: Buffer): boolean {
  return [...seat.holders.values()].some(
    (holder) => holder !== undefined && timingSafeEqual(holder, digest),
  );
}
