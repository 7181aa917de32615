import { ByteBudget } from "./byte-budget.ts";
import type { MediaSender } from "./media-sender.ts";
import type { Paced, PacerDriver } from "./pacer-driver.ts";
import type { PacerLimits } from "./pacer-limits.ts";
import { ReplayRate } from "./replay-rate.ts";
import { Retransmitter } from "./retransmitter.ts";
import type { RtpFrame } from "./rtp-frame.ts";
import type { RtpOutput } from "./rtp-output.ts";
import { type ScheduleState, VideoSchedule } from "./video-schedule.ts";

/**
 * Sends the video of one viewer packet by packet within a budget: retransmissions first, then what the schedule gives.
 * Live frames go straight out while nothing waits and the budget lasts, the rest in the driver's turns.
 */
export class VideoPacer implements Paced {
  readonly schedule: VideoSchedule;
  readonly #output: RtpOutput;
  readonly #sender: MediaSender;
  readonly #driver: PacerDriver;
  readonly #limits: PacerLimits;
  readonly #rate: ReplayRate;
  readonly #resends: Retransmitter;
  readonly #budget: ByteBudget;
  readonly #onFailed: (error: unknown) => void;
  #current: RtpFrame | undefined;
  /** Next packet of `#current`. */
  #packet = 0;
  #keySentUs = Number.NEGATIVE_INFINITY;
  #closed = false;
  /** Requests for a key frame. */
  keyRequests = 0;

  constructor(options: {
    readonly output: RtpOutput;
    readonly sender: MediaSender;
    readonly driver: PacerDriver;
    readonly limits: PacerLimits;
    readonly nowUs: number;
    onFailed(error: unknown): void;
  }) {
    const { output, driver, limits, nowUs } = options;
    this.#output = output;
    this.#sender = options.sender;
    this.#driver = driver;
    this.#limits = limits;
    this.#onFailed = options.onFailed;
    this.#rate = new ReplayRate(limits);
    this.#resends = new Retransmitter(options.sender, limits, nowUs);
    this.#budget = new ByteBudget(limits.minBucketBytes, nowUs);
    this.schedule = new VideoSchedule({
      output,
      driver,
      limits,
      rate: this.#rate,
      onGranted: () => driver.add(this),
    });
  }

  get state(): ScheduleState {
    return this.schedule.state;
  }

  /** Present rate as a multiple of the stream's, and how often losses halved it. */
  get rate(): { readonly factor: number; readonly cuts: number } {
    return { factor: this.#rate.factor, cuts: this.#rate.cuts };
  }

  get refusedResends(): number {
    return this.#resends.refused;
  }

  /** Wire bytes that wait for this viewer. */
  get queuedBytes(): number {
    let bytes = this.schedule.waitingBytes;
    const current = this.#current;
    if (current === undefined) return bytes;
    for (let i = this.#packet; i < current.payloads.length; i++) {
      bytes += current.payloads[i]?.length ?? 0;
    }
    return bytes;
  }

  /** Begins, or begins anew after a change of source, with the current group of pictures. */
  start(nowUs: number): void {
    if (this.#closed) return;
    this.schedule.start(nowUs);
    this.#send(nowUs);
  }

  /** The output has a new frame. */
  frameAdded(frame: RtpFrame, nowUs: number): void {
    if (this.#closed) return;
    this.schedule.frameAdded(frame);
    this.#send(nowUs);
  }

  /** The viewer lacks packets with these 16-bit sequence numbers. */
  missing(sequences: readonly number[], roundTripUs: number, nowUs: number): void {
    if (this.#closed) return;
    if (sequences.length > this.#limits.maxMissing) {
      this.keyRequested(roundTripUs, nowUs);
      return;
    }
    this.#rate.missing(this.#resends.request(sequences, roundTripUs, nowUs), nowUs);
    if (this.#resends.pending) this.#send(nowUs);
  }

  /** The viewer cannot decode (PLI or FIR). The publisher cannot be asked, so the group of pictures is sent again. */
  keyRequested(roundTripUs: number, nowUs: number): void {
    this.keyRequests++;
    if (this.#closed) return;
    // A request that crossed a key frame on its way is answered already.
    const graceUs = Math.max(this.#limits.keyGraceUs, 2 * roundTripUs);
    const keyOnItsWay = this.#current?.key === true || this.schedule.keyPending;
    if (keyOnItsWay || nowUs - this.#keySentUs < graceUs) return;
    if (!this.schedule.restart(nowUs)) return;
    this.#resends.clear();
    this.#send(nowUs);
  }

  pace(nowUs: number, maxPackets: number): boolean {
    if (this.#closed) return false;
    this.#rate.tick(nowUs);
    this.schedule.expire(nowUs);
    this.#drain(nowUs, Math.min(maxPackets, this.#limits.maxPacketsPerTick));
    return this.#hasWork;
  }

  failed(error: unknown): void {
    this.#onFailed(error);
  }

  /** May be called twice. */
  close(): void {
    this.#closed = true;
    this.schedule.close();
    this.#driver.remove(this);
    this.#resends.clear();
    this.#current = undefined;
  }

  get #hasWork(): boolean {
    return this.#current !== undefined || this.#resends.pending || this.schedule.pending;
  }

  #send(nowUs: number): void {
    this.#drain(nowUs, this.#limits.maxPacketsPerTick);
    if (this.#hasWork) this.#driver.add(this);
  }

  #drain(nowUs: number, maxPackets: number): void {
    const { bucketUs, minBucketBytes } = this.#limits;
    const rateBps = this.#sendRateBps();
    this.#budget.fill(nowUs, rateBps, Math.max(minBucketBytes, (rateBps * bucketUs) / 8e6));
    // A replay cannot go on at the viewer without what it lacks; live must not be held up by endless requests.
    const replaying = this.schedule.state === "replay";
    this.#resends.fill(nowUs, replaying ? rateBps : this.#output.rateBps);
    for (let sent = 0; sent < maxPackets && this.#budget.open; sent++) {
      const resent = this.#resends.sendOne(nowUs);
      const bytes = resent || this.#sendOne(nowUs);
      if (bytes === 0) return;
      this.#budget.spend(bytes);
      this.#rate.sent();
      if (resent === 0) this.#resends.sent(nowUs);
    }
  }

  #sendRateBps(): number {
    const factor = this.#rate.factor;
    if (this.schedule.state === "replay") return factor * this.schedule.replayedBps;
    const { liveFactor, minRateBps, drainUs } = this.#limits;
    const drainBps = (this.queuedBytes * 8e6) / drainUs;
    return Math.max(Math.max(factor, liveFactor) * this.#output.rateBps, drainBps, minRateBps);
  }

  #sendOne(nowUs: number): number {
    const frame = this.#current ?? this.#begin();
    if (frame === undefined) return 0;
    const bytes = this.#sender.packet(this.#packet++);
    if (this.#packet === frame.payloads.length) {
      this.#current = undefined;
      if (frame.key) this.#keySentUs = nowUs;
    }
    return bytes;
  }

  #begin(): RtpFrame | undefined {
    const frame = this.schedule.take();
    if (frame === undefined) return undefined;
    this.#sender.begin(frame, this.schedule.ticks, true, this.schedule.timed);
    this.#current = frame;
    this.#packet = 0;
    return frame;
  }
}
