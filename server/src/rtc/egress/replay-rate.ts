import type { PacerLimits } from "./pacer-limits.ts";

const windowUs = 100_000;
/** So long after the last loss the rate may grow. */
const quietUs = 300_000;
const growth = 0.25;
/** Losses above this share mean that we send more than the link takes; radio loses some percent at any rate. */
const congestedShare = 0.15;
const maxCut = 0.5;
/** A little below what came through, so that the queue on the way drains. */
const margin = 0.9;
/** So few packets in a window say nothing about a share. */
const minWindowPackets = 10;
/** After so long without a key frame request the full rate is tried again. */
const forgiveUs = 30_000_000;

/**
 * How many times as fast as the stream one viewer is served. Losses that mean congestion cut it to what came through
 * (to half at most per step), others hold it, and without losses it grows by 0.25 per 100 ms. Judged every 100 ms.
 */
export class ReplayRate {
  readonly #limits: PacerLimits;
  #factor: number;
  #target: number;
  #ceiling: number;
  #ceilingCutUs = 0;
  #windowStartUs = 0;
  #sent = 0;
  #sentBefore = 0;
  #missing = 0;
  /** What is told missing in the window after a cut was sent before it. */
  #settling = false;
  #lossUs = Number.NEGATIVE_INFINITY;
  /** How often losses cut the rate. */
  cuts = 0;

  constructor(limits: PacerLimits) {
    this.#limits = limits;
    this.#ceiling = limits.maxFactor;
    this.#factor = limits.maxFactor;
    this.#target = limits.maxFactor;
  }

  get factor(): number {
    return this.#factor;
  }

  /** The most that a new replay may try. */
  ceiling(nowUs: number): number {
    if (this.#ceiling < this.#limits.maxFactor && nowUs - this.#ceilingCutUs > forgiveUs) {
      this.#ceiling = this.#limits.maxFactor;
    }
    return this.#ceiling;
  }

  /** A replay begins at this factor, and never goes above it. */
  start(factor: number, nowUs: number): void {
    this.#factor = factor;
    this.#target = factor;
    this.#windowStartUs = nowUs;
    this.#sent = 0;
    this.#sentBefore = 0;
    this.#missing = 0;
  }

  /** The viewer could not follow: the next replay gets half of the present rate. */
  giveUp(nowUs: number): void {
    this.#ceiling = Math.max(this.#limits.minFactor, this.#factor / 2);
    this.#ceilingCutUs = nowUs;
  }

  sent(packets: number): void {
    this.#sent += packets;
  }

  /** The viewer told of losses, `packets` of them for the first time. */
  missing(packets: number, nowUs: number): void {
    this.#missing += packets;
    this.#lossUs = nowUs;
  }

  /** Lets time pass. */
  tick(nowUs: number): void {
    if (nowUs - this.#windowStartUs < windowUs) return;
    // Losses are told a round trip later, when the rate may be another already.
    const packets = Math.max(this.#sent, this.#sentBefore);
    const share = packets < minWindowPackets ? 0 : Math.min(1, this.#missing / packets);
    if (this.#settling) {
      this.#settling = false;
    } else if (share > congestedShare) {
      const kept = Math.max(maxCut, (1 - share) * margin);
      this.#factor = Math.max(this.#limits.floorFactor, this.#factor * kept);
      this.#settling = true;
      this.cuts++;
    } else if (nowUs - this.#lossUs >= quietUs) {
      this.#factor = Math.min(this.#target, this.#factor + growth);
    }
    this.#windowStartUs = nowUs;
    this.#sentBefore = this.#sent;
    this.#sent = 0;
    this.#missing = 0;
  }
}
