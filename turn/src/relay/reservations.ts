import { randomBytes } from "node:crypto";
import type { QuotaPlace } from "./quotas.ts";
import type { RelayAddress, RelayPort } from "./relay-address.ts";

/** RFC 8656 section 18.11. */
const tokenBytes = 8;

/** A port that is open and kept for whoever shows the token. */
export interface Reservation {
  readonly quotaUser: string;
  readonly address: RelayAddress;
  readonly port: RelayPort;
  /** Held ports count as allocations. */
  readonly place: QuotaPlace;
  readonly untilMs: number;
}

/** Ports next to even ones, held for a while. RFC 8656 section 7.2. */
export class Reservations {
  readonly #held = new Map<string, Reservation>();

  get size(): number {
    return this.#held.size;
  }

  /** Returns the token. */
  hold(reservation: Reservation): Uint8Array {
    const token = randomBytes(tokenBytes);
    this.#held.set(token.toString("hex"), reservation);
    return token;
  }

  /** The caller owns the port and the place from here on. Undefined for a token of nobody, or of another user. */
  claim(token: Uint8Array, quotaUser: string): Reservation | undefined {
    const name = Buffer.from(token).toString("hex");
    const reservation = this.#held.get(name);
    if (reservation?.quotaUser !== quotaUser) return undefined;
    this.#held.delete(name);
    return reservation;
  }

  sweep(nowMs: number): void {
    for (const [name, reservation] of this.#held) {
      if (reservation.untilMs > nowMs) continue;
      this.#held.delete(name);
      void release(reservation);
    }
  }

  /** May be called twice. */
  async close(): Promise<void> {
    const held = [...this.#held.values()];
    this.#held.clear();
    await Promise.all(held.map(release));
  }
}

function release({ port, place }: Reservation): Promise<void> {
  place.release();
  return port.close();
}
