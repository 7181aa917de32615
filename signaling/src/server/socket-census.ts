import { addressKey } from "../gate/index.ts";

/** Counts connections, in all and per address (an IPv6 /64 is one). */
export class SocketCensus {
  readonly #maxSockets: number;
  readonly #maxPerAddress: number;
  readonly #perAddress = new Map<string, number>();
  #size = 0;
  #whenEmpty: (() => void)[] = [];

  constructor(maxSockets: number, maxPerAddress: number) {
    this.#maxSockets = maxSockets;
    this.#maxPerAddress = maxPerAddress;
  }

  get size(): number {
    return this.#size;
  }

  /** Why one more connection of this address is too many; undefined when it is not. */
  refusal(address: string): "SOCKETS_FULL" | "ADDRESS_SOCKETS_FULL" | undefined {
    if (this.#size >= this.#maxSockets) return "SOCKETS_FULL";
    const count = this.#perAddress.get(addressKey(address)) ?? 0;
    return count >= this.#maxPerAddress ? "ADDRESS_SOCKETS_FULL" : undefined;
  }

  /** Counts a connection. Returns how to uncount it, to be called once. */
  enter(address: string): () => void {
    const key = addressKey(address);
    this.#size += 1;
    this.#perAddress.set(key, (this.#perAddress.get(key) ?? 0) + 1);
    return () => {
      this.#size -= 1;
      const rest = (this.#perAddress.get(key) ?? 1) - 1;
      if (rest > 0) this.#perAddress.set(key, rest);
      else this.#perAddress.delete(key);
      if (this.#size > 0) return;
      for (const callback of this.#whenEmpty) callback();
      this.#whenEmpty = [];
    };
  }

  /** Calls back once nobody is connected: at once when that is so now. */
  onEmpty(callback: () => void): void {
    if (this.#size === 0) callback();
    else this.#whenEmpty.push(callback);
  }
}
