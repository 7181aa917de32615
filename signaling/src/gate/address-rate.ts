import { isIPv6 } from "node:net";
import { type Rate, TokenBucket } from "./token-bucket.ts";

const defaultMaxAddresses = 10_000;

/**
 * What counts as one client when requests are counted by address: an IPv4 address, or the /64 of an
 * IPv6 address, because one household or one machine usually has all of it.
 */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address;
  const bare = address.split("%")[0] ?? address;
  const [head = "", tail] = bare.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups =
    tail === undefined
      ? before
      : [...before, ...Array(Math.max(0, 8 - before.length - after.length)).fill("0"), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/**
 * One token bucket per client address. Remembers the `maxAddresses` most recently seen ones; who is
 * forgotten starts with a full bucket.
 */
export class AddressRate {
  readonly #rate: Rate;
  readonly #maxAddresses: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(rate: Rate, maxAddresses: number = defaultMaxAddresses) {
    this.#rate = rate;
    this.#maxAddresses = maxAddresses;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one token of that address: 0 when it was there, else the milliseconds to wait (at least 1). */
  take(address: string, nowUs: number): number {
    const key = addressKey(address);
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rate, nowUs);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#maxAddresses) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    return bucket.take(nowUs) ? 0 : Math.max(1, bucket.waitMs(nowUs));
  }

  /** Gives the token back that this address took last. */
  giveBack(address: string): void {
    this.#buckets.get(addressKey(address))?.giveBack();
  }
}
