import type { BandwidthLimits } from "./limits.ts";

/** Packets to send faster than usual, to see whether they arrive as fast. */
export interface ProbePlan {
  /** 1 to 65,535; marks the packets in `BandwidthEstimator.sent`. */
  readonly id: number;
  /** Bits per second on the wire, all packets of the viewer together. */
  readonly rateBps: number;
  readonly minPackets: number;
  readonly minBytes: number;
  /** Given up when it is not sent by then. */
  readonly expiresUs: number;
}

/** Enough of a cluster has arrived to judge it. */
const neededShare = 0.8;
/** Received this much slower than sent, the packets filled the link. */
const unsaturatedRatio = 0.9;
/** Of a full link so much is used. */
const utilization = 0.95;
/** Delay that grew by more than this and a multiple of its usual variation is a queue. */
const queuedUs = 30_000;
const jitterFactor = 3;
/** A cluster that is not complete is judged from so many packets on. */
const minEarlyPackets = 8;
/** The delay at each end of a cluster is the shortest of so many packets. */
const maxEndPackets = 4;
const maxPackets = 256;

/** The packets of one probe, and what they say. */
export class ProbeCluster {
  readonly plan: ProbePlan;
  readonly #answerUs: number;
  readonly #queueUs: number;
  #packets = 0;
  #bytes = 0;
  #lastSentUs = Number.NEGATIVE_INFINITY;
  #reported = 0;
  /** Of the received ones, in the order of feedback; the first `maxPackets`. */
  readonly #sentUs = new Float64Array(maxPackets);
  readonly #arrivalUs = new Float64Array(maxPackets);
  readonly #sizes = new Uint16Array(maxPackets);
  #received = 0;
  #receivedBytes = 0;

  /** `jitterMs`: usual variation of the delay between groups of packets. */
  constructor(plan: ProbePlan, jitterMs: number, limits: BandwidthLimits) {
    this.plan = plan;
    this.#answerUs = limits.probeAnswerUs;
    this.#queueUs = queuedUs + jitterFactor * jitterMs * 1_000;
  }

  sent(sizeBytes: number, nowUs: number): void {
    this.#packets++;
    this.#bytes += sizeBytes;
    this.#lastSentUs = nowUs;
  }

  received(sentUs: number, arrivalUs: number, sizeBytes: number): void {
    this.#reported++;
    if (this.#received === maxPackets) return;
    this.#sentUs[this.#received] = sentUs;
    this.#arrivalUs[this.#received] = arrivalUs;
    this.#sizes[this.#received] = sizeBytes;
    this.#received++;
    this.#receivedBytes += sizeBytes;
  }

  lost(): void {
    this.#reported++;
  }

  /** No packet of it was sent, and none will be. */
  unused(nowUs: number): boolean {
    return this.#packets === 0 && nowUs >= this.plan.expiresUs;
  }

  /** All its packets were reported, too much time has gone, or it has filled the link before its end. */
  finished(nowUs: number): boolean {
    if (this.#packets === 0) return false;
    if (nowUs - this.#lastSentUs > this.#answerUs) return true;
    if (this.#reported >= this.#packets && (this.#complete || nowUs >= this.plan.expiresUs)) {
      return true;
    }
    return this.#received >= minEarlyPackets && this.#queued;
  }

  /** Bits per second, at most the plan's; undefined when too little was sent or has arrived. */
  result(): number | undefined {
    const { minPackets, minBytes, rateBps } = this.plan;
    if (this.#received >= minEarlyPackets && this.#queued) {
      // A token bucket lets the first packets pass: only the later ones show the link.
      return Math.min(rateBps, utilization * this.#receivedBps(this.#received >> 1));
    }
    if (this.#received < neededShare * minPackets) return undefined;
    if (this.#receivedBytes < neededShare * minBytes) return undefined;
    const receivedBps = this.#receivedBps(0);
    // Timers send in small bursts, which are faster than the probe as a whole.
    const aimedBps = Math.min(this.#sentBps(), rateBps);
    if (receivedBps < unsaturatedRatio * aimedBps) return utilization * receivedBps;
    return Math.min(aimedBps, receivedBps);
  }

  get #complete(): boolean {
    return this.#packets >= this.plan.minPackets && this.#bytes >= this.plan.minBytes;
  }

  /** The last packets were delayed more than the first ones. */
  get #queued(): boolean {
    const packets = Math.max(1, Math.min(this.#received >> 2, maxEndPackets));
    const head = this.#shortestUs(0, packets);
    const tail = this.#shortestUs(this.#received - packets, this.#received);
    return tail - head > this.#queueUs;
  }

  #shortestUs(from: number, to: number): number {
    let shortest = Number.POSITIVE_INFINITY;
    for (let i = from; i < to; i++) {
      shortest = Math.min(shortest, (this.#arrivalUs[i] ?? 0) - (this.#sentUs[i] ?? 0));
    }
    return shortest;
  }

  /** From the packet at `from` to the last to arrive; the earliest one's bytes came before. */
  #receivedBps(from: number): number {
    let earliest = from;
    let latestUs = Number.NEGATIVE_INFINITY;
    let bytes = 0;
    for (let i = from; i < this.#received; i++) {
      const arrivalUs = this.#arrivalUs[i] ?? 0;
      if (arrivalUs < (this.#arrivalUs[earliest] ?? 0)) earliest = i;
      latestUs = Math.max(latestUs, arrivalUs);
      bytes += this.#sizes[i] ?? 0;
    }
    const spanUs = latestUs - (this.#arrivalUs[earliest] ?? 0);
    if (!(spanUs > 0)) return this.plan.rateBps;
    return ((bytes - (this.#sizes[earliest] ?? 0)) * 8e6) / spanUs;
  }

  #sentBps(): number {
    let first = 0;
    let last = 0;
    for (let i = 1; i < this.#received; i++) {
      if ((this.#sentUs[i] ?? 0) < (this.#sentUs[first] ?? 0)) first = i;
      if ((this.#sentUs[i] ?? 0) >= (this.#sentUs[last] ?? 0)) last = i;
    }
    const spanUs = (this.#sentUs[last] ?? 0) - (this.#sentUs[first] ?? 0);
    if (!(spanUs > 0)) return this.plan.rateBps;
    return ((this.#receivedBytes - (this.#sizes[last] ?? 0)) * 8e6) / spanUs;
  }
}
