import { addressKey } from "@millrace/signaling/gate";
import { RefusedError } from "../core/index.ts";

/** How many may be there at once, in all and of one address. */
export class Seats {
  readonly #max: number;
  readonly #maxPerAddress: number;
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(max: number, maxPerAddress: number) {
    this.#max = max;
    this.#maxPerAddress = maxPerAddress;
  }

  get taken(): number {
    return this.#all;
  }

  /** Takes a seat and gives what gives it back, which may be called twice. @throws RefusedError `PROBES_FULL` 503. */
  take(address: string): () => void {
    const key = addressKey(address);
    const own = this.#taken.get(key) ?? 0;
    if (this.#all >= this.#max || own >= this.#maxPerAddress) {
      throw new RefusedError("PROBES_FULL", 503, "Too many connections are being examined now.");
    }
    this.#all++;
    this.#taken.set(key, own + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#all--;
      const left = (this.#taken.get(key) ?? 1) - 1;
      if (left > 0) this.#taken.set(key, left);
      else this.#taken.delete(key);
    };
  }
}
