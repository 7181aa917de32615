import type { BandwidthLimits } from "./limits.ts";

const slots = 4;
const slotUs = 250_000;
const minPackets = 20;
/** A share counts as too high when chance alone would explain it once in a thousand times. */
const deviations = 3;
/** Growth per second while little is lost: GCC section 6, 1.05 per report. */
const growth = 0.05;
/** An opinion this far above the estimate is none. */
const releaseFactor = 2;
const keptShare = 0.9;

/**
 * The loss-based rate, GCC section 6. It has no opinion (infinite) until too much is lost, and only losses of packets that were
 * sent after its latest fall count towards the next.
 */
export class LossRate {
  readonly #limits: BandwidthLimits;
  readonly #received = new Uint32Array(slots);
  readonly #lost = new Uint32Array(slots);
  #slot = 0;
  #slotEndUs = Number.NEGATIVE_INFINITY;
  #afterSequence = -1;
  #reducedUs = Number.NEGATIVE_INFINITY;
  #updatedUs = Number.NaN;
  rateBps: number = Number.POSITIVE_INFINITY;
  /** Of the latest second that had enough packets. */
  share = 0;

  constructor(limits: BandwidthLimits) {
    this.#limits = limits;
  }

  /** One packet's fate, by its extended sequence number. */
  count(sequence: number, received: boolean): void {
    if (sequence <= this.#afterSequence) return;
    const counts = received ? this.#received : this.#lost;
    counts[this.#slot] = (counts[this.#slot] ?? 0) + 1;
  }

  /** A packet that was counted as lost has come late. */
  recovered(sequence: number): void {
    if (sequence <= this.#afterSequence) return;
    for (let i = 0; i < slots; i++) {
      const slot = (this.#slot + slots - i) % slots;
      const lost = this.#lost[slot] ?? 0;
      if (lost === 0) continue;
      this.#lost[slot] = lost - 1;
      this.#received[slot] = (this.#received[slot] ?? 0) + 1;
      return;
    }
  }

  /**
   * After each feedback. `receivedBps`: what arrives, undefined when not known; `lastSequence`: the latest packet sent.
   * Returns true when the rate fell.
   */
  update(
    estimateBps: number,
    receivedBps: number | undefined,
    roundTripUs: number,
    lastSequence: number,
    nowUs: number,
  ): boolean {
    const stepUs = Number.isNaN(this.#updatedUs) ? 0 : nowUs - this.#updatedUs;
    this.#updatedUs = nowUs;
    if (nowUs < this.#slotEndUs) return false;
    const { lost, total } = this.#rolling();
    this.#turn(nowUs);
    if (total < minPackets) return false;
    this.share = lost / total;
    const { lowLoss, highLoss, lossGapUs } = this.#limits;
    const doubt = deviations * Math.sqrt((highLoss * (1 - highLoss)) / total);
    if (this.share > highLoss + doubt) {
      if (nowUs - this.#reducedUs < lossGapUs + roundTripUs) return false;
      this.#reducedUs = nowUs;
      this.#afterSequence = lastSequence;
      this.#received.fill(0);
      this.#lost.fill(0);
      return this.#reduce(estimateBps, receivedBps);
    }
    if (this.share < lowLoss && this.rateBps !== Number.POSITIVE_INFINITY) {
      this.rateBps *= (1 + growth) ** (Math.max(stepUs, slotUs) / 1e6);
      if (this.rateBps > releaseFactor * estimateBps) this.rateBps = Number.POSITIVE_INFINITY;
    }
    return false;
  }

  /** A rate that was measured by other means. */
  set(rateBps: number): void {
    this.rateBps = Math.max(this.rateBps, rateBps);
  }

  #reduce(estimateBps: number, receivedBps: number | undefined): boolean {
    const nowBps = Math.min(this.rateBps, estimateBps);
    const kept = receivedBps ?? nowBps;
    const severe = this.share > this.#limits.severeLoss;
    // What still arrives is what there is: no fall goes far below it.
    const targetBps = Math.max(
      severe ? Math.min(nowBps * (1 - this.share / 2), kept) : nowBps * (1 - this.share / 2),
      keptShare * Math.min(kept, nowBps),
    );
    this.rateBps = Math.max(this.#limits.minBps, targetBps);
    return this.rateBps < estimateBps;
  }

  #rolling(): { readonly lost: number; readonly total: number } {
    let lost = 0;
    let received = 0;
    for (let i = 0; i < slots; i++) {
      lost += this.#lost[i] ?? 0;
      received += this.#received[i] ?? 0;
    }
    return { lost, total: lost + received };
  }

  #turn(nowUs: number): void {
    this.#slotEndUs = nowUs + slotUs;
    this.#slot = (this.#slot + 1) % slots;
    this.#received[this.#slot] = 0;
    this.#lost[this.#slot] = 0;
  }
}
