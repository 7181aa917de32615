import type { BandwidthLimits } from "./limits.ts";
import { LinkCapacity } from "./link-capacity.ts";
import type { LinkUsage } from "./overuse-detector.ts";
import type { Throughput } from "./throughput.ts";

/** GCC section 5.5. */
export type RateState = "increase" | "hold" | "decrease";

/** Assumed until a round trip was measured. */
const defaultRoundTripUs = 100_000;
/** The detector's reaction time, which a round trip is added to. GCC section 5.5, response_time_ms. */
const detectorUs = 100_000;
const minReductionGapUs = 100_000;
const maxReductionGapUs = 300_000;
/** A signal that what was sent does not explain outlives its cause by as much: the groups the slope is fitted to. */
const otherReductionGapUs = 300_000;
/** Less throughput than this share of the rate: it falls again without waiting. */
const urgentShare = 0.5;
/** What takes less than this share of the time to be sent that it takes to arrive has filled the link, unless jitter explains it. */
const fullSpread = 0.75;
const minQueuedUs = 40_000;
const jitterFactor = 4;
const applicationSlackBps = 10_000;
const minGrowthBps = 4_000;
const frameRate = 30;
const packetBits = 1_200 * 8;
const maxStepUs = 1_000_000;
/** Of what arrived without delay this share is taken as proven. */
const provenShare = 0.95;

/** What one feedback shows of the link. */
export interface LinkState {
  readonly usage: LinkUsage;
  /** Packets wait in the link, even if the delay does not grow. */
  readonly queued: boolean;
  /** So many that some are lost: what arrives is what the link carries. */
  readonly full: boolean;
  /** Undefined: not measured. */
  readonly roundTripUs: number | undefined;
  /** Usual difference between the delays of neighbouring groups of packets. */
  readonly jitterMs: number;
}

/** The delay-based rate: additive or multiplicative increase, multiplicative decrease. GCC section 5.5. */
export class DelayRate {
  readonly #limits: BandwidthLimits;
  readonly #capacity = new LinkCapacity();
  #updatedUs = Number.NaN;
  #reducedUs = Number.NEGATIVE_INFINITY;
  rateBps: number;
  state: RateState = "increase";

  constructor(limits: BandwidthLimits) {
    this.#limits = limits;
    this.rateBps = limits.startBps;
  }

  /** When it fell last. */
  get reducedUs(): number {
    return this.#reducedUs;
  }

  /** After each feedback. Returns true when the rate fell. */
  update(link: LinkState, throughput: Throughput, nowUs: number): boolean {
    const stepUs = Number.isNaN(this.#updatedUs) ? 0 : Math.min(nowUs - this.#updatedUs, maxStepUs);
    this.#updatedUs = nowUs;
    if (link.usage === "over") {
      this.state = "decrease";
      return this.#reduce(link, throughput, nowUs);
    }
    if (link.usage === "under" || link.queued || this.state === "decrease") {
      this.state = "hold";
      return false;
    }
    this.state = "increase";
    this.#grow(throughput, link.roundTripUs ?? defaultRoundTripUs, stepUs);
    return false;
  }

  /** A rate that was measured by other means. */
  set(rateBps: number): void {
    if (rateBps > this.#capacity.upperBps) this.#capacity.forget();
    this.rateBps = this.#bounded(rateBps);
  }

  #reduce(link: LinkState, throughput: Throughput, nowUs: number): boolean {
    const busy = throughput.measureBusy() && filled(throughput, link.jitterMs);
    const full = busy || link.full;
    const receivedBps = busy ? throughput.busyBps : (throughput.receivedBps ?? this.rateBps);
    const gapUs = full
      ? Math.max(
          minReductionGapUs,
          Math.min(link.roundTripUs ?? defaultRoundTripUs, maxReductionGapUs),
        )
      : otherReductionGapUs;
    const urgent = full && receivedBps < urgentShare * this.rateBps;
    if (nowUs - this.#reducedUs < gapUs && !urgent) return false;
    this.#reducedUs = nowUs;
    // Packets that arrived as fast as they left were held up by somebody else's: their rate does not say what the link carries.
    if (full || receivedBps > urgentShare * this.rateBps) {
      if (receivedBps < this.#capacity.lowerBps) this.#capacity.forget();
      this.#capacity.measured(receivedBps);
    }
    const targetBps =
      this.#limits.backoff * (full ? receivedBps : Math.max(receivedBps, this.rateBps));
    if (targetBps >= this.rateBps) return false;
    this.rateBps = this.#bounded(targetBps);
    return true;
  }

  #grow(throughput: Throughput, roundTripUs: number, stepUs: number): void {
    const receivedBps = throughput.receivedBps;
    if (receivedBps === undefined) return;
    if (receivedBps > this.#capacity.upperBps) this.#capacity.forget();
    const seconds = stepUs / 1e6;
    const stepBps =
      this.#capacity.meanBps === undefined
        ? this.rateBps * ((1 + this.#limits.growth) ** seconds - 1)
        : this.#additiveBps(roundTripUs) * seconds;
    const ceilingBps = this.#limits.applicationFactor * receivedBps + applicationSlackBps;
    const grownBps = Math.min(this.rateBps + stepBps, ceilingBps);
    const provenBps = provenShare * Math.min(receivedBps, throughput.sentBps ?? 0);
    this.rateBps = this.#bounded(Math.max(this.rateBps, grownBps, provenBps));
  }

  /** One packet of the usual size per response time. GCC section 5.5. */
  #additiveBps(roundTripUs: number): number {
    const frameBits = this.rateBps / frameRate;
    const sizeBits = frameBits / Math.ceil(frameBits / packetBits);
    return Math.max(minGrowthBps, (sizeBits * 1e6) / (roundTripUs + detectorUs));
  }

  #bounded(rateBps: number): number {
    return Math.max(this.#limits.minBps, Math.min(rateBps, this.#limits.maxBps));
  }
}

function filled(throughput: Throughput, jitterMs: number): boolean {
  const { busySentUs, busyArrivalUs } = throughput;
  const queuedUs = busyArrivalUs - busySentUs;
  return (
    busySentUs < fullSpread * busyArrivalUs &&
    queuedUs > minQueuedUs + jitterFactor * jitterMs * 1_000
  );
}
