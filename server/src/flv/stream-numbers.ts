import type { Registry } from "../core/registry.ts";

const app = "tcp";

/** The name of the stream with that number, such as `tcp/0`. */
export function numberedStream(number: number): string {
  return `${app}/${number}`;
}

/**
 * Gives publishers without names numbers: 0, 1, 2 … A number whose stream waits for its publisher is kept for the
 * address that it came from, so that an encoder that restarts finds its viewers again and nobody else shows them
 * another picture; apart from that the lowest free one is given.
 */
export class StreamNumbers {
  readonly #registry: Pick<Registry, "get">;
  readonly #taken = new Set<number>();
  /** Address of who had the number last, as long as the stream is there. */
  readonly #lastAddress = new Map<number, string>();

  constructor(registry: Pick<Registry, "get">) {
    this.#registry = registry;
  }

  /** Numbers that are remembered, for tests of what closing leaves behind. */
  get size(): number {
    this.#forget();
    return this.#taken.size + this.#lastAddress.size;
  }

  /** Takes a number for a publisher at this address, who gives it back with `release`. */
  take(address: string): number {
    this.#forget();
    const number = this.#waitingFor(address) ?? this.#lowestFree();
    this.#taken.add(number);
    return number;
  }

  /** The publisher at this address, which may come again, is gone. */
  release(number: number, address: string): void {
    this.#taken.delete(number);
    this.#lastAddress.set(number, address);
    this.#forget();
  }

  #waitingFor(address: string): number | undefined {
    let lowest: number | undefined;
    for (const [number, last] of this.#lastAddress) {
      if (last !== address || this.#taken.has(number)) continue;
      if (this.#registry.get(numberedStream(number))?.state !== "waiting") continue;
      if (lowest === undefined || number < lowest) lowest = number;
    }
    return lowest;
  }

  #lowestFree(): number {
    let number = 0;
    while (this.#taken.has(number) || this.#registry.get(numberedStream(number)) !== undefined) {
      number++;
    }
    return number;
  }

  #forget(): void {
    for (const number of this.#lastAddress.keys()) {
      const gone = this.#registry.get(numberedStream(number)) === undefined;
      if (gone && !this.#taken.has(number)) this.#lastAddress.delete(number);
    }
  }
}
