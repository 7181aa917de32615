import type { TransportCcFeedback } from "@millrace/media/rtp";
import { DelayRate, type RateState } from "./delay-rate.ts";
import { FeedbackReader } from "./feedback-reader.ts";
import { type BandwidthLimits, defaultBandwidthLimits } from "./limits.ts";
import { LossRate } from "./loss-rate.ts";
import type { ProbePlan } from "./probe-cluster.ts";
import { ProbeSchedule } from "./probe-schedule.ts";
import { ReportedRate } from "./reported-rate.ts";
import { SentRate } from "./sent-rate.ts";

/** With feedback missing for this many times the silence, RTCP reports count again. */
const abandonFactor = 4;
const secondUs = 1_000_000;
const defaultRoundTripUs = 100_000;
/** A probe that shows less than this share of its rate has failed. */
const provenShare = 0.9;

/**
 * How much one viewer's link carries: from transport-cc feedback (draft-ietf-rmcat-gcc-02) with REMB as an upper bound, or from
 * REMB and receiver reports for peers without it. All times are microseconds of one clock of the caller's, which never goes back.
 */
export class BandwidthEstimator {
  readonly #limits: BandwidthLimits;
  readonly #sent = new SentRate();
  readonly #reader: FeedbackReader;
  readonly #delay: DelayRate;
  readonly #loss: LossRate;
  readonly #reported: ReportedRate;
  readonly #probes: ProbeSchedule;
  /** Transport-cc feedback comes. */
  #transport = false;
  /** When the first packet after the latest feedback was sent; `NaN`: none was. */
  #unansweredUs = Number.NaN;
  #silenceCutUs = Number.NEGATIVE_INFINITY;
  #wantedBps = 0;
  #reportedLoss = 0;
  #estimateBps: number;
  #state: RateState = "increase";

  constructor(limits: Partial<BandwidthLimits> = {}) {
    this.#limits = { ...defaultBandwidthLimits, ...limits };
    this.#delay = new DelayRate(this.#limits);
    this.#loss = new LossRate(this.#limits);
    this.#reported = new ReportedRate(this.#limits);
    this.#probes = new ProbeSchedule(this.#limits);
    this.#reader = new FeedbackReader(this.#limits, this.#loss, this.#probes);
    this.#estimateBps = this.#limits.startBps;
  }

  /** Usable for media, bits per second on the wire, retransmissions and sound included. */
  get estimateBps(): number {
    return this.#estimateBps;
  }

  /** Rate for the pacer: more than the estimate, so that a large frame does not wait where the link is idle; less while queues drain. */
  get pacingBps(): number {
    const { pacingFactor, drainFactor } = this.#limits;
    return this.#estimateBps * (this.#congested ? drainFactor : pacingFactor);
  }

  /** What the latest feedback or report made of the estimate. */
  get state(): RateState {
    return this.#state;
  }

  /** 0 to 1, of about the latest second. */
  get lossShare(): number {
    return this.#transport ? this.#loss.share : this.#reportedLoss;
  }

  /** Undefined until measured. */
  get roundTripUs(): number | undefined {
    return this.#reader.delay.roundTripUs;
  }

  /**
   * A packet of `sizeBytes` on the wire, at most 65,535, leaves now. `sequence` is its extended transport-wide sequence number,
   * which must increase, or an error is thrown; `probe` the id of a running `ProbePlan` or 0.
   */
  sent(sequence: number, sizeBytes: number, nowUs: number, probe: number): void {
    this.#reader.history.note(sequence, sizeBytes, nowUs, probe);
    this.#sent.add(sizeBytes, nowUs);
    if (Number.isNaN(this.#unansweredUs)) this.#unansweredUs = nowUs;
    if (probe !== 0) this.#probes.find(probe)?.sent(sizeBytes, nowUs);
  }

  /** Transport-wide feedback. What it says of packets that are not known is ignored. */
  feedback(feedback: TransportCcFeedback, nowUs: number): void {
    if (!this.#reader.read(feedback, nowUs)) return;
    if (!this.#transport) this.#delay.set(this.#estimateBps);
    this.#transport = true;
    this.#unansweredUs = Number.NaN;
    const { throughput, delay, jitterMs } = this.#reader;
    const roundTripUs = delay.roundTripUs;
    const { lowLoss, standingUs } = this.#limits;
    // A full queue does not grow any more: its delay stays, and what is too much is lost. Another may grow too slowly to be noticed.
    const full = delay.queued && this.#loss.share > lowLoss;
    const usage = full || delay.stands(standingUs, nowUs) ? "over" : this.#reader.usage();
    const link = { usage, queued: delay.queued, full, roundTripUs, jitterMs };
    const slower = this.#delay.update(link, throughput, nowUs);
    this.#judgeProbe(nowUs);
    const lossy = this.#loss.update(
      this.#estimateBps,
      throughput.receivedBps,
      roundTripUs ?? defaultRoundTripUs,
      this.#reader.history.last,
      nowUs,
    );
    if (slower || lossy) this.#probes.fell(nowUs);
    this.#state = lossy ? "decrease" : this.#delay.state;
    this.#combine(nowUs);
  }

  /** Receiver estimated maximum bitrate, bits per second: an upper bound while it is fresh. */
  remb(bitrateBps: number, nowUs: number): void {
    if (!(bitrateBps >= 0)) return;
    this.#abandon(nowUs);
    this.#reported.remb(bitrateBps, this.#sent.bps(nowUs), nowUs);
    this.#combine(nowUs);
  }

  /** RTCP receiver report: loss since the one before, 0 to 1. With transport-cc only the round trip is taken. */
  report(lossShare: number, roundTripUs: number | undefined, nowUs: number): void {
    if (roundTripUs !== undefined && roundTripUs >= 0) this.#reader.delay.reported(roundTripUs);
    this.#abandon(nowUs);
    if (this.#transport || !(lossShare >= 0 && lossShare <= 1)) return;
    this.#reportedLoss = lossShare;
    const ceilingBps = Math.max(
      this.#limits.applicationFactor * this.#sent.bps(nowUs),
      this.#wantedBps,
    );
    this.#reported.report(lossShare, roundTripUs, ceilingBps, nowUs);
    this.#state = this.#reported.fell ? "decrease" : "increase";
    this.#combine(nowUs);
  }

  /** To be called several times a second: what no message tells. */
  tick(nowUs: number): void {
    const cluster = this.#probes.cluster;
    if (cluster?.unused(nowUs)) this.#probes.drop(nowUs);
    else this.#judgeProbe(nowUs);
    if (this.#transport) this.#listen(nowUs);
    else this.#reported.tick(this.#sent.bps(nowUs), this.#wantedBps, nowUs);
    this.#combine(nowUs);
  }

  /**
   * A probe that should be sent now, as soon as possible and at its rate: media packets, filled up with padding or
   * retransmissions, all marked with its id. `wantedBps`: what the viewer could make use of; nothing faster is probed, and nothing
   * at all while the estimate is 90 % of it (`probeSatisfied`). At most one probe is under way.
   */
  nextProbe(nowUs: number, wantedBps: number): ProbePlan | undefined {
    this.#wantedBps = wantedBps;
    if (!this.#transport || !Number.isNaN(this.#silentSinceUs(nowUs))) return undefined;
    if (this.#congested) return undefined;
    return this.#probes.next(this.#estimateBps, wantedBps, this.#reader.jitterMs, nowUs);
  }

  /** False: what is left of this probe should not be sent any more, its packets already queue. */
  probing(probe: number): boolean {
    return this.#probes.find(probe) !== undefined;
  }

  /** Packets queue in the link. */
  get #congested(): boolean {
    return this.#delay.state === "decrease" || this.#reader.delay.queued;
  }

  #judgeProbe(nowUs: number): void {
    const cluster = this.#probes.cluster;
    if (cluster === undefined || !cluster.finished(nowUs)) return;
    const resultBps = cluster.result();
    const believed = this.#probes.close(resultBps, nowUs);
    if (resultBps === undefined || this.#delay.state === "decrease") return;
    if (resultBps > this.#estimateBps) {
      if (!believed) return;
      this.#delay.set(resultBps);
      this.#loss.set(resultBps);
    } else if (resultBps < provenShare * cluster.plan.rateBps) {
      // The estimate is older than this result, unless what arrives speaks for it.
      const receivedBps = this.#reader.throughput.receivedBps ?? 0;
      this.#delay.set(Math.min(this.#delay.rateBps, Math.max(resultBps, receivedBps)));
    }
    this.#combine(nowUs);
  }

  /** Since when feedback is overdue; `NaN`: it is not. */
  #silentSinceUs(nowUs: number): number {
    return nowUs - this.#unansweredUs > this.#limits.silenceUs ? this.#unansweredUs : Number.NaN;
  }

  #listen(nowUs: number): void {
    if (Number.isNaN(this.#silentSinceUs(nowUs))) return;
    if (nowUs - this.#silenceCutUs < secondUs) return;
    this.#silenceCutUs = nowUs;
    this.#delay.set(this.#estimateBps * this.#limits.silenceFactor);
    this.#delay.state = "decrease";
    this.#state = "decrease";
    this.#probes.fell(nowUs);
  }

  /** Feedback has stopped for good while other reports come. */
  #abandon(nowUs: number): void {
    if (!this.#transport) return;
    const { silenceUs } = this.#limits;
    if (!(nowUs - this.#unansweredUs > abandonFactor * silenceUs)) return;
    this.#transport = false;
    this.#reported.set(this.#estimateBps);
  }

  #combine(nowUs: number): void {
    const { minBps, maxBps } = this.#limits;
    const rateBps = this.#transport
      ? Math.min(this.#delay.rateBps, this.#loss.rateBps, this.#reported.rembBps(nowUs))
      : this.#reported.rateBps;
    this.#estimateBps = Math.round(Math.max(minBps, Math.min(rateBps, maxBps)));
  }
}
