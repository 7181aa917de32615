import type { ServerResponse } from "node:http";
import { addressKey } from "@millrace/signaling/gate";
import { RefusedError, type Stream } from "../../core/index.ts";
import type { SeatLimits } from "./limits.ts";

/** What refused clients are told to wait. Seconds. */
export const retryAfterSeconds = 5;

/** Counts who is there, by address, by stream and in all. */
export class Seats {
  readonly #limits: SeatLimits;
  readonly #byAddress = new Map<string, number>();
  readonly #byStream = new Map<string, number>();
  #taken = 0;

  constructor(limits: SeatLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes a seat until the returned function is called, which may be done twice. Sets `Retry-After` on refusal.
   * @throws RefusedError `LISTENERS_PER_ADDRESS` 429, `LISTENERS_FULL` 503.
   */
  take(stream: Stream, clientAddress: string, response: ServerResponse): () => void {
    const address = addressKey(clientAddress);
    const { maxPerAddress, maxPerStream, maxInAll } = this.#limits;
    if ((this.#byAddress.get(address) ?? 0) >= maxPerAddress) {
      response.setHeader("Retry-After", String(retryAfterSeconds));
      throw new RefusedError("LISTENERS_PER_ADDRESS", 429, "Your address listens too often.");
    }
    if (this.#taken >= maxInAll || (this.#byStream.get(stream.id) ?? 0) >= maxPerStream) {
      throw refuseFull(response);
    }
    this.#taken++;
    change(this.#byAddress, address, 1);
    change(this.#byStream, stream.id, 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#taken--;
      change(this.#byAddress, address, -1);
      change(this.#byStream, stream.id, -1);
    };
  }
}

/** The refusal for when there is no room; sets `Retry-After`. */
export function refuseFull(response: ServerResponse): RefusedError {
  response.setHeader("Retry-After", String(retryAfterSeconds));
  return new RefusedError("LISTENERS_FULL", 503, "There are as many listeners as there may be.");
}

function change(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
