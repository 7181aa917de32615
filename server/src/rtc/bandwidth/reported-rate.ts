import type { BandwidthLimits } from "./limits.ts";

/** More REMB than this many times what is sent: the receiver has only seen what was sent. */
const applicationLimited = 1.2;
/** Less than this share of the REMB before: the receiver has seen congestion. */
const steadyShare = 0.9;
/** Growth per receiver report while little is lost. GCC section 6. */
const reportGrowth = 1.05;
const maxStepUs = 1_000_000;
/** A report is the second newest for so long. */
const lossFreshUs = 3_000_000;
/** A round trip this much longer than the shortest: packets queue. */
const queuedRoundTripUs = 300_000;
const queuedFactor = 0.85;

/** What a peer without transport-cc lets one believe: REMB (draft-alvestrand-rmcat-remb-03) and receiver reports (GCC section 6). */
export class ReportedRate {
  readonly #limits: BandwidthLimits;
  #rembBps = Number.POSITIVE_INFINITY;
  #rembUs = Number.NEGATIVE_INFINITY;
  /** REMB, or more while it only reflects what was sent. */
  #boundBps = Number.POSITIVE_INFINITY;
  #loss = 0;
  #lossUs = Number.NEGATIVE_INFINITY;
  #reducedUs = Number.NEGATIVE_INFINITY;
  #shortestUs = Number.POSITIVE_INFINITY;
  #tickedUs = Number.NaN;
  rateBps: number;
  fell = false;

  constructor(limits: BandwidthLimits) {
    this.#limits = limits;
    this.rateBps = limits.startBps;
  }

  /** What the receiver allows as of its latest REMB; infinite when there is no fresh one. */
  rembBps(nowUs: number): number {
    return nowUs - this.#rembUs < this.#limits.rembFreshUs
      ? this.#rembBps
      : Number.POSITIVE_INFINITY;
  }

  remb(bitrateBps: number, sentBps: number, nowUs: number): void {
    const before = this.rembBps(nowUs);
    this.#rembBps = bitrateBps;
    this.#rembUs = nowUs;
    const steady = bitrateBps >= steadyShare * before && before !== Number.POSITIVE_INFINITY;
    const limited = steady && bitrateBps >= applicationLimited * sentBps;
    this.#boundBps = limited ? Math.max(this.#boundBps, bitrateBps) : bitrateBps;
    this.#follow(nowUs);
  }

  /** Receiver report: `lossShare` 0 to 1. Growth ends at `ceilingBps`. */
  report(
    lossShare: number,
    roundTripUs: number | undefined,
    ceilingBps: number,
    nowUs: number,
  ): void {
    const before = nowUs - this.#lossUs < lossFreshUs ? this.#loss : lossShare;
    this.#loss = (before + lossShare) / 2;
    this.#lossUs = nowUs;
    const queued = roundTripUs !== undefined && this.#queued(roundTripUs);
    this.fell = false;
    if (this.#loss > this.#limits.highLoss || queued) {
      this.#reduce(queued ? queuedFactor : 1, roundTripUs ?? 0, nowUs);
    } else if (this.rembBps(nowUs) !== Number.POSITIVE_INFINITY) {
      this.#follow(nowUs);
    } else if (this.#loss < this.#limits.lowLoss && this.rateBps < ceilingBps) {
      this.#set(Math.min(this.rateBps * reportGrowth, ceilingBps));
    }
  }

  /** REMB of a receiver that has seen only a low layer says little: towards `wantedBps` the rate grows all the same. */
  tick(sentBps: number, wantedBps: number, nowUs: number): void {
    const stepUs = Number.isNaN(this.#tickedUs) ? 0 : nowUs - this.#tickedUs;
    this.#tickedUs = nowUs;
    const rembBps = this.rembBps(nowUs);
    if (rembBps === Number.POSITIVE_INFINITY || rembBps < applicationLimited * sentBps) return;
    if (this.#boundBps >= wantedBps) return;
    const factor = (1 + this.#limits.growth) ** (Math.min(stepUs, maxStepUs) / 1e6);
    this.#boundBps = Math.min(this.#boundBps * factor, wantedBps);
    this.#follow(nowUs);
  }

  /** Goes on from a rate that was known by other means. */
  set(rateBps: number): void {
    this.#set(rateBps);
  }

  #follow(nowUs: number): void {
    const lossy = nowUs - this.#lossUs < lossFreshUs && this.#loss > this.#limits.lowLoss;
    this.#set(lossy ? Math.min(this.rateBps, this.#boundBps) : this.#boundBps);
  }

  #reduce(factor: number, roundTripUs: number, nowUs: number): void {
    if (nowUs - this.#reducedUs < this.#limits.lossGapUs + roundTripUs) return;
    this.#reducedUs = nowUs;
    const excess = this.#loss > this.#limits.highLoss ? this.#loss : 0;
    this.#set(this.rateBps * Math.min(factor, 1 - excess / 2));
    this.fell = true;
  }

  #queued(roundTripUs: number): boolean {
    this.#shortestUs = Math.min(this.#shortestUs, roundTripUs);
    return roundTripUs > this.#shortestUs + queuedRoundTripUs;
  }

  #set(rateBps: number): void {
    this.rateBps = Math.max(this.#limits.minBps, Math.min(rateBps, this.#limits.maxBps));
  }
}
