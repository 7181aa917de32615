import { type AddressRate, TokenBucket } from "../gate/index.ts";
import { SignalingError } from "../session/index.ts";
import type { SignalingClock, SignalingLimits } from "./options.ts";

/** How much one connection may ask for. Each method throws SignalingError `RATE_LIMITED` when it is too much. */
export class MessageRates {
  readonly #clock: SignalingClock;
  readonly #opens: AddressRate;
  readonly #address: string;
  readonly #messages: TokenBucket;
  readonly #descriptions: TokenBucket;
  readonly #preferences: TokenBucket;
  readonly #refusals: TokenBucket;

  /** `opens` is shared by all connections, and counted by `address`. */
  constructor(limits: SignalingLimits, clock: SignalingClock, opens: AddressRate, address: string) {
    const nowUs = clock.nowUs();
    this.#clock = clock;
    this.#opens = opens;
    this.#address = address;
    this.#messages = new TokenBucket(limits.messages, nowUs);
    this.#descriptions = new TokenBucket(limits.descriptions, nowUs);
    this.#preferences = new TokenBucket(limits.preferences, nowUs);
    this.#refusals = new TokenBucket(limits.refusals, nowUs);
  }

  /** Any message. */
  countMessage(): void {
    this.#take(this.#messages, "messages");
  }

  /** A description: it may cost a negotiation. */
  countDescription(): void {
    this.#take(this.#descriptions, "descriptions");
  }

  countPreference(): void {
    this.#take(this.#preferences, "preferences");
  }

  /** A new session or call. */
  countOpening(): void {
    if (this.#opens.take(this.#address, this.#clock.nowUs()) === 0) return;
    throw new SignalingError("RATE_LIMITED", "Too many new sessions.");
  }

  /** A refused message: false when there were so many that the connection must end. */
  toleratesRefusal(): boolean {
    return this.#refusals.take(this.#clock.nowUs());
  }

  #take(bucket: TokenBucket, what: string): void {
    if (bucket.take(this.#clock.nowUs())) return;
    throw new SignalingError("RATE_LIMITED", `Too many ${what}.`);
  }
}
