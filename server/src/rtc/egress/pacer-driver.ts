import type { Clock, Log, Timer } from "../../core/index.ts";
import { TokenBucket } from "../token-bucket.ts";
import type { EgressCore, EgressTier } from "./core.ts";
import type { ResendAllowance } from "./retransmitter.ts";

/** Something with packets to send little by little. */
export interface Paced {
  /** Sends at most `maxPackets` of what is due. Returns whether anything remains. */
  pace(nowUs: number, maxPackets: number): boolean;
  /** It threw: a bug of ours. It gets no more turns. */
  failed(error: unknown): void;
}

/** Somebody who wants to replay a group of pictures. */
export interface Replayer {
  /** It is its turn. It gives the slot back with `release`, at once if it has no use for it any more. */
  granted(nowUs: number): void;
}

export interface DriverLimits {
  /** Milliseconds between turns while anything is queued. */
  readonly tickMs: number;
  /** Packets of all viewers together per turn: half of what one core seals. */
  readonly maxPacketsPerTick: number;
  /** The least that a viewer gets per turn however many there are. */
  readonly minSharePackets: number;
  /** Replays that run at the same time; each costs as much as eight live viewers. */
  readonly maxReplays: number;
  /** Packets that are sent again to all viewers together: no more than a fraction of what a core seals, whoever asks. */
  readonly maxResendsPerSecond: number;
}

const resendsPerSecond: Readonly<Record<EgressTier, number>> = {
  native: 40_000,
  wasm: 12_000,
  node: 8_000,
};
/** Of a second's retransmissions so many may go at once. */
const resendBurstShare = 0.05;

export const defaultDriverLimits: Omit<DriverLimits, "maxResendsPerSecond"> = {
  tickMs: 4,
  maxPacketsPerTick: 200,
  minSharePackets: 4,
  maxReplays: 24,
};

/** The one timer behind all pacers of the process, which runs only while one of them has something queued. */
export class PacerDriver implements ResendAllowance {
  readonly #clock: Clock;
  readonly #core: EgressCore;
  readonly #log: Log;
  readonly #limits: DriverLimits;
  readonly #active = new Set<Paced>();
  readonly #replaying = new Set<Replayer>();
  readonly #waiting = new Set<Replayer>();
  readonly #resends: TokenBucket;
  #timer: Timer | undefined;

  constructor(options: {
    readonly clock: Clock;
    readonly core: EgressCore;
    readonly log: Log;
    readonly limits?: Partial<DriverLimits>;
  }) {
    this.#clock = options.clock;
    this.#core = options.core;
    this.#log = options.log;
    const maxResendsPerSecond = resendsPerSecond[options.core.tier];
    this.#limits = { ...defaultDriverLimits, maxResendsPerSecond, ...options.limits };
    const perSecond = this.#limits.maxResendsPerSecond;
    const burst = Math.ceil(perSecond * resendBurstShare);
    this.#resends = new TokenBucket(perSecond, burst, options.clock.nowUs());
  }

  /** Replays that run and replays that wait. */
  get replays(): { readonly running: number; readonly waiting: number } {
    return { running: this.#replaying.size, waiting: this.#waiting.size };
  }

  /** Lets `paced` have its turns until it has nothing left. */
  add(paced: Paced): void {
    this.#active.add(paced);
    this.#timer ??= this.#clock.after(this.#limits.tickMs, () => this.#tick());
  }

  remove(paced: Paced): void {
    this.#active.delete(paced);
    if (this.#active.size === 0) this.#stop();
  }

  takeResend(nowUs: number): boolean {
    return this.#resends.take(1, nowUs);
  }

  /** True: replay now, and `release` afterwards. False: `granted` is called later unless `release` is called before. */
  request(replayer: Replayer): boolean {
    if (this.#replaying.has(replayer)) return true;
    if (this.#replaying.size >= this.#limits.maxReplays) {
      this.#waiting.add(replayer);
      return false;
    }
    this.#replaying.add(replayer);
    return true;
  }

  /** Gives a slot back, or the place among those who wait. May be called twice. */
  release(replayer: Replayer): void {
    this.#waiting.delete(replayer);
    if (!this.#replaying.delete(replayer)) return;
    while (this.#replaying.size < this.#limits.maxReplays) {
      const next = this.#waiting.values().next().value;
      if (next === undefined) return;
      this.#waiting.delete(next);
      this.#replaying.add(next);
      next.granted(this.#clock.nowUs());
    }
  }

  close(): void {
    this.#active.clear();
    this.#waiting.clear();
    this.#replaying.clear();
    this.#stop();
  }

  #tick(): void {
    this.#timer = undefined;
    const { maxPacketsPerTick, minSharePackets, tickMs } = this.#limits;
    const share = Math.max(minSharePackets, Math.floor(maxPacketsPerTick / this.#active.size));
    // Those who find no retransmissions left are the first next time.
    let served = 0;
    for (const paced of this.#active) {
      if (!this.#resends.empty) served++;
      try {
        if (!paced.pace(this.#clock.nowUs(), share)) this.#active.delete(paced);
      } catch (error) {
        // A bug of ours in one viewer must not stop the others.
        this.#active.delete(paced);
        this.#log.error({ err: error }, "a pacer failed and was removed");
        paced.failed(error);
      }
    }
    this.#core.flush();
    if (served < this.#active.size) this.#rotate(served);
    if (this.#active.size > 0) this.#timer ??= this.#clock.after(tickMs, () => this.#tick());
  }

  #rotate(count: number): void {
    let left = count;
    for (const paced of this.#active) {
      if (left-- <= 0) return;
      this.#active.delete(paced);
      this.#active.add(paced);
    }
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
