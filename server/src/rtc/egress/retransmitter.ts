import { TokenBucket } from "../token-bucket.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { MediaSender } from "./media-sender.ts";
import type { PacerLimits } from "./pacer-limits.ts";
import { ResendCopies } from "./resend-copies.ts";
import { RetransmissionQueue } from "./retransmission-queue.ts";

/** What retransmissions to all viewers together may cost; `PacerDriver` has it. */
export interface ResendAllowance {
  /** Whether one more packet may be sent again now. */
  takeResend(nowUs: number): boolean;
}

/** Sends packets of one m-line again, with a budget of its own so that requests without end cost a bounded rate. */
export class Retransmitter {
  readonly #sender: MediaSender;
  readonly #limits: PacerLimits;
  readonly #queue = new RetransmissionQueue();
  readonly #copies = new ResendCopies();
  readonly #budget: ByteBudget;
  readonly #allowance: ResendAllowance;
  readonly #requests: TokenBucket;
  #unheard = 0;

  constructor(sender: MediaSender, limits: PacerLimits, allowance: ResendAllowance, nowUs: number) {
    const { minBucketBytes, maxRequestsPerSecond } = limits;
    this.#sender = sender;
    this.#limits = limits;
    this.#allowance = allowance;
    this.#budget = new ByteBudget(minBucketBytes, nowUs);
    this.#requests = new TokenBucket(maxRequestsPerSecond, maxRequestsPerSecond, nowUs);
  }

  /** Packets wait to be sent again. */
  get pending(): boolean {
    return this.#queue.size > 0 || this.#copies.size > 0;
  }

  /** Counts packets that were sent for the first time, of which losses are a share. */
  sent(packets: number, nowUs: number): void {
    this.#copies.count(packets, 0, nowUs);
  }

  /** Requests that were not followed: too soon after the last answer, or too many. */
  get refused(): number {
    return this.#queue.suppressed + this.#queue.dropped + this.#unheard;
  }

  /**
   * Takes 16-bit sequence numbers from the peer. Returns how many were asked for the first time. A list that exceeds
   * `maxRequestsPerSecond` is not looked into.
   */
  request(sequences: readonly number[], roundTripUs: number, nowUs: number): number {
    if (!this.#requests.take(sequences.length, nowUs)) {
      this.#unheard += sequences.length;
      return 0;
    }
    const gapUs = Math.max(this.#limits.minResendUs, roundTripUs);
    let first = 0;
    for (const sequence of sequences) {
      const extended = this.#sender.extend(sequence);
      if (extended >= 0 && this.#queue.request(extended, nowUs, gapUs)) first++;
    }
    this.#copies.count(0, first, nowUs);
    return first;
  }

  /** Lets time pass, in which `allowedBps` may be used, or a minimum unless the link carries less (`linkBps`). */
  fill(nowUs: number, allowedBps: number, linkBps: number = Number.POSITIVE_INFINITY): void {
    const { minRetransmissionBps, retransmissionBucketUs } = this.#limits;
    const rateBps = Math.min(linkBps, Math.max(minRetransmissionBps, allowedBps));
    this.#budget.fill(nowUs, rateBps, (rateBps * retransmissionBucketUs) / 8e6);
  }

  /** Sends the oldest waiting packet. Returns its bytes on the wire, 0 when none may be sent now. */
  sendOne(nowUs: number): number {
    if (!this.#budget.open || !this.#allowance.takeResend(nowUs)) return 0;
    while (this.#queue.size > 0) {
      const sequence = this.#queue.shift(nowUs);
      const bytes = this.#resend(sequence);
      if (bytes === 0) continue;
      this.#copies.add(sequence, nowUs);
      return bytes;
    }
    while (this.#copies.size > 0) {
      const sequence = this.#copies.shift(nowUs);
      if (sequence < 0) return 0;
      const bytes = this.#resend(sequence);
      if (bytes > 0) return bytes;
    }
    return 0;
  }

  #resend(sequence: number): number {
    const bytes = this.#sender.resend(sequence);
    if (bytes > 0) this.#budget.spend(bytes);
    return bytes;
  }

  clear(): void {
    this.#queue.clear();
    this.#copies.clear();
  }
}
