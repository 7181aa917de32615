import type { BandwidthLimits } from "./limits.ts";
import { ProbeCluster, type ProbePlan } from "./probe-cluster.ts";

const lastId = 0xffff;
/** A probe lasts this many times the variation of the delay. */
const jitterFactor = 10;
/** A short probe becomes longer by this when a long one has refuted it. */
const refutedFactor = 1.5;
const maxCheckFactor = 4;
const forgetFactor = 12;
const provenShare = 0.9;

/** What a probe under way is for. */
type ProbeKind = "step" | "check";

/**
 * When to probe and how fast: one probe at a time, steps of a limited factor, longer waits after failures.
 *
 * A short probe can be wrong: jitter may press its packets together, and a token bucket lets a few of them pass at any rate. So what
 * was found is probed again. After a fall of the estimate, which says that the link is narrow, this check is as long as it takes to
 * empty a usual bucket, and nothing is believed before it.
 */
export class ProbeSchedule {
  readonly #limits: BandwidthLimits;
  #id = 0;
  #cluster: ProbeCluster | undefined;
  #kind: ProbeKind = "step";
  #nextUs = Number.NEGATIVE_INFINITY;
  #retryUs: number;
  #wary = false;
  #stepFactor = 1;
  #checkFactor = 1;
  #provenUs = Number.NEGATIVE_INFINITY;
  /** A rate to check, and when; 0: none. */
  #checkBps = 0;
  #checkUs = 0;

  constructor(limits: BandwidthLimits) {
    this.#limits = limits;
    this.#retryUs = limits.probeRetryUs;
  }

  /** The probe that is under way. */
  get cluster(): ProbeCluster | undefined {
    return this.#cluster;
  }

  /** The cluster with this id, when it is the one under way. */
  find(id: number): ProbeCluster | undefined {
    return id !== 0 && this.#cluster?.plan.id === id ? this.#cluster : undefined;
  }

  /** A probe towards `wantedBps`, when one is due. `jitterMs`: usual variation of the delay. */
  next(
    estimateBps: number,
    wantedBps: number,
    jitterMs: number,
    nowUs: number,
  ): ProbePlan | undefined {
    const { probeSatisfied, probeFactor, maxBps } = this.#limits;
    const wanted = Math.min(wantedBps, maxBps);
    if (!(wanted > 0) || this.#cluster !== undefined || nowUs < this.#nextUs) return undefined;
    const short = estimateBps < probeSatisfied * wanted;
    if (!short) this.#wary = false;
    const checkBps = Math.min(this.#checkBps, wanted);
    if (checkBps > 0 && (this.#wary || !short)) {
      if (nowUs < this.#checkUs) return undefined;
      this.#checkBps = 0;
      // What has fallen since needs no check.
      if (!this.#wary && estimateBps < probeSatisfied * checkBps) return undefined;
      return this.#start("check", checkBps, this.#checkBytes(checkBps, jitterMs), jitterMs, nowUs);
    }
    if (!short) return undefined;
    const rateBps = Math.min(wanted, probeFactor * estimateBps);
    return this.#start("step", rateBps, this.#stepBytes(rateBps, jitterMs), jitterMs, nowUs);
  }

  /**
   * The probe under way is over, with this result. Returns true when the result may raise the estimate.
   */
  close(resultBps: number | undefined, nowUs: number): boolean {
    const cluster = this.#cluster;
    if (cluster === undefined) return false;
    this.#cluster = undefined;
    const { probeGapUs, probeConfirmUs, probeRetryUs, maxProbeRetryUs } = this.#limits;
    const checked = this.#kind === "check";
    this.#checkBps = 0;
    if (resultBps === undefined || resultBps < provenShare * cluster.plan.rateBps) {
      if (checked && this.#wary) this.#stepFactor *= refutedFactor;
      this.#nextUs = nowUs + this.#retryUs;
      this.#retryUs = Math.min(2 * this.#retryUs, maxProbeRetryUs);
      return checked || !this.#wary;
    }
    this.#nextUs = nowUs + probeGapUs;
    if (checked) {
      this.#stepFactor = 1;
      this.#provenUs = nowUs;
      this.#retryUs = probeRetryUs;
      return true;
    }
    this.#checkBps = cluster.plan.rateBps;
    this.#checkUs = nowUs + (this.#wary ? probeGapUs : probeConfirmUs);
    return !this.#wary;
  }

  /** The probe under way was never sent. */
  drop(nowUs: number): void {
    this.#cluster = undefined;
    this.#nextUs = nowUs + this.#limits.probeGapUs;
  }

  /** The estimate fell. Soon after a check it says that the check was too short. */
  fell(nowUs: number): void {
    const lastedUs = nowUs - this.#provenUs;
    if (lastedUs < this.#limits.probeMistakeUs) {
      this.#checkFactor = Math.min(2 * this.#checkFactor, maxCheckFactor);
    } else if (lastedUs > forgetFactor * this.#limits.probeMistakeUs) {
      this.#checkFactor = 1;
    }
    this.#provenUs = Number.NEGATIVE_INFINITY;
    this.#wary = true;
    this.#checkBps = 0;
    this.#nextUs = Math.max(this.#nextUs, nowUs + this.#limits.probeRetryUs);
  }

  #start(
    kind: ProbeKind,
    rateBps: number,
    minBytes: number,
    jitterMs: number,
    nowUs: number,
  ): ProbePlan {
    const { minProbePackets, probeExpiresUs } = this.#limits;
    this.#id = this.#id === lastId ? 1 : this.#id + 1;
    this.#kind = kind;
    const plan: ProbePlan = {
      id: this.#id,
      rateBps: Math.round(rateBps),
      minPackets: minProbePackets,
      minBytes: Math.ceil(minBytes),
      expiresUs: nowUs + Math.round((minBytes * 8e6) / rateBps) + probeExpiresUs,
    };
    this.#cluster = new ProbeCluster(plan, jitterMs, this.#limits);
    return plan;
  }

  #checkBytes(rateBps: number, jitterMs: number): number {
    if (!this.#wary) return this.#stepBytes(rateBps, jitterMs);
    const { probeCheckBytes, maxProbeCheckUs } = this.#limits;
    return this.#checkFactor * Math.min(probeCheckBytes, (rateBps * maxProbeCheckUs) / 8e6);
  }

  #stepBytes(rateBps: number, jitterMs: number): number {
    const { minProbeUs, maxProbeUs, minProbeBytes, probeCheckBytes } = this.#limits;
    const lengthUs = Math.max(minProbeUs, Math.min(jitterFactor * jitterMs * 1_000, maxProbeUs));
    const bytes = Math.max(minProbeBytes, (rateBps * lengthUs) / 8e6);
    return Math.min(this.#stepFactor * bytes, Math.max(bytes, probeCheckBytes));
  }
}
