import type { ProbePlan } from "../bandwidth/index.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { MediaSender } from "./media-sender.ts";
import type { Paced, PacerDriver } from "./pacer-driver.ts";
import type { PacerLimits } from "./pacer-limits.ts";
import { ProbeSender } from "./probe-sender.ts";
import { ReplayRate } from "./replay-rate.ts";
import { Retransmitter } from "./retransmitter.ts";
import { packetOverheadBytes, type RtpFrame } from "./rtp-frame.ts";
import type { RtpOutput } from "./rtp-output.ts";
import { type ScheduleState, VideoSchedule } from "./video-schedule.ts";

/** The pacer's rate in multiples of what the link carries, and of what the stream takes at least. */
const linkFactor = 1.5;
const streamFactor = 1.25;

/**
 * Sends the video of one viewer packet by packet within a budget: retransmissions first, then what the schedule gives.
 * Live frames go straight out while nothing waits and the budget lasts, the rest in the driver's turns.
 */
export class VideoPacer implements Paced {
  readonly schedule: VideoSchedule;
  #output: RtpOutput;
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
  readonly #probe: ProbeSender;
  /** What the link is estimated to carry; infinite where nothing estimates it. */
  linkBps: number = Number.POSITIVE_INFINITY;
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
    this.#resends = new Retransmitter(options.sender, limits, driver, nowUs);
    this.#budget = new ByteBudget(limits.minBucketBytes, nowUs);
    this.#probe = new ProbeSender(options.sender);
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
    for (let i = this.#packet; i < current.packets; i++) {
      bytes += current.payloads[i]?.length ?? 0;
    }
    return bytes;
  }

  /** Begins, or begins anew after a change of source, with the current group of pictures. */
  start(nowUs: number): void {
    if (this.#closed) return;
    // What the source before did not finish never will be.
    if (this.#current?.complete === false) this.#current = undefined;
    this.schedule.start(nowUs);
    this.#send(nowUs);
  }

  /** The output has a new frame. */
  frameAdded(frame: RtpFrame, nowUs: number): void {
    if (this.#closed) return;
    this.schedule.frameAdded(frame);
    this.#send(nowUs);
  }

  /** The latest frame of the output has more packets, or is complete now. */
  frameGrown(nowUs: number): void {
    if (!this.#closed && this.#hasWork) this.#send(nowUs);
  }

  /** Goes on with another output: at `key`, a key frame that begins now, otherwise anew. What was begun is not finished. */
  switchTo(output: RtpOutput, key: RtpFrame | undefined, nowUs: number): void {
    if (this.#closed) return;
    this.#output = output;
    this.#current = undefined;
    if (key === undefined) this.schedule.startWith(output, nowUs);
    else this.schedule.switchTo(output, key);
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
    const current = this.#unfinished();
    const keyOnItsWay = current?.key === true || this.schedule.keyPending;
    if (keyOnItsWay || nowUs - this.#keySentUs < graceUs) return;
    if (!this.schedule.restart(nowUs)) return;
    this.#resends.clear();
    this.#send(nowUs);
  }

  /** Sends more than the stream for a moment, to see what the link carries. */
  probe(plan: ProbePlan, nowUs: number): void {
    if (this.#closed) return;
    this.#probe.start(plan, nowUs);
    this.#driver.add(this);
  }

  pace(nowUs: number, maxPackets: number): boolean {
    if (this.#closed) return false;
    this.#rate.tick(nowUs);
    this.schedule.expire(nowUs);
    const packets = Math.min(maxPackets, this.#limits.maxPacketsPerTick);
    this.#drain(nowUs, packets, packets);
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
    if (this.#resends.pending || this.#probe.running) return true;
    const current = this.#current;
    if (current === undefined) return this.schedule.pending;
    // The rest of a frame that still comes is sent when it is there.
    return this.#packet < current.packets || (current.complete && this.schedule.pending);
  }

  #send(nowUs: number): void {
    const { maxPacketsPerTick, maxPromptResends } = this.#limits;
    this.#drain(nowUs, maxPacketsPerTick, maxPromptResends);
    if (this.#hasWork) this.#driver.add(this);
  }

  #drain(nowUs: number, maxPackets: number, maxResends: number): void {
    this.#sender.at(nowUs);
    const { bucketUs, minBucketBytes } = this.#limits;
    const rateBps = this.#sendRateBps();
    this.#budget.fill(nowUs, rateBps, Math.max(minBucketBytes, (rateBps * bucketUs) / 8e6));
    if (!this.#resends.pending && !this.#probe.running) {
      this.#drainRuns(nowUs, maxPackets);
      return;
    }
    // A replay cannot go on at the viewer without what it lacks; live must not be held up by endless requests.
    const replaying = this.schedule.state === "replay";
    this.#resends.fill(nowUs, replaying ? rateBps : this.#output.rateBps, this.linkBps);
    this.#drainMixed(nowUs, maxPackets, maxResends);
  }

  /** The stream alone: as many packets at once as belong together. */
  #drainRuns(nowUs: number, maxPackets: number): void {
    let sent = 0;
    while (sent < maxPackets && this.#budget.open) {
      const packets = this.#sendRun(nowUs, maxPackets - sent);
      if (packets === 0) break;
      sent += packets;
    }
    if (sent === 0) return;
    this.#rate.sent(sent);
    this.#resends.sent(sent, nowUs);
  }

  /** Sends what there is of one frame, at most `maxPackets`. Returns how many packets that were. */
  #sendRun(nowUs: number, maxPackets: number): number {
    if (this.#unfinished() === undefined) {
      const frame = this.schedule.take();
      if (frame === undefined) return 0;
      const { ticks, timed } = this.schedule;
      const { history } = this.#output;
      const fits = frame.packets <= maxPackets && frame.sizeBytes < this.#budget.bytes;
      if (frame.complete && fits) {
        // Most frames: nothing of them has to be remembered.
        if (frame.key) this.#keySentUs = nowUs;
        const bytes = this.#sender.whole(frame, history, ticks, true, timed);
        this.#budget.spend(bytes);
        return bytes === 0 ? 0 : frame.packets;
      }
      if (!this.#sender.begin(frame, history, ticks, true, timed)) return 0;
      this.#current = frame;
      this.#packet = 0;
    }
    const frame = this.#current as RtpFrame;
    const from = this.#packet;
    const end = this.#affordable(frame, Math.min(frame.packets, from + maxPackets));
    if (end === from) return 0;
    if (frame.key) this.#keySentUs = nowUs;
    this.#packet = end;
    this.#budget.spend(this.#sender.run(from, end));
    return end - from;
  }

  /** The first packet from the next one on, before `end`, that the budget does not open for any more. */
  #affordable(frame: RtpFrame, end: number): number {
    let left = this.#budget.bytes;
    let at = this.#packet;
    for (; at < end && left > 0; at++) {
      left -= (frame.payloads[at]?.length ?? 0) + packetOverheadBytes;
    }
    return at;
  }

  /** Retransmissions go before the stream; what is sent counts for a probe. */
  #drainMixed(nowUs: number, maxPackets: number, maxResends: number): void {
    let resends = 0;
    for (let sent = 0; sent < maxPackets && this.#budget.open; sent++) {
      const resent = resends < maxResends ? this.#resends.sendOne(nowUs) : 0;
      if (resent > 0) resends++;
      const bytes = resent || this.#sendOne(nowUs);
      if (bytes === 0) break;
      this.#budget.spend(bytes);
      this.#probe.count(bytes);
      this.#rate.sent(1);
      if (resent === 0) this.#resends.sent(1, nowUs);
    }
    this.#probe.pace(nowUs, maxPackets);
  }

  #sendRateBps(): number {
    const factor = this.#rate.factor;
    if (this.schedule.state === "replay") return factor * this.schedule.replayedBps;
    const { liveFactor, minRateBps, drainUs } = this.#limits;
    const drainBps = (this.queuedBytes * 8e6) / drainUs;
    const { rateBps } = this.#output;
    const wantedBps = Math.max(Math.max(factor, liveFactor) * rateBps, drainBps, minRateBps);
    // Where the link is known, only its queue would grow from more; the stream itself goes on until another layer is chosen.
    return Math.min(wantedBps, Math.max(this.linkBps * linkFactor, rateBps * streamFactor));
  }

  #sendOne(nowUs: number): number {
    const frame = this.#unfinished() ?? this.#begin();
    if (frame === undefined || this.#packet >= frame.packets) return 0;
    if (frame.key) this.#keySentUs = nowUs;
    return this.#sender.packet(this.#packet++);
  }

  #unfinished(): RtpFrame | undefined {
    const current = this.#current;
    if (current?.complete === true && this.#packet >= current.packets) this.#current = undefined;
    return this.#current;
  }

  #begin(): RtpFrame | undefined {
    const frame = this.schedule.take();
    if (frame === undefined) return undefined;
    const { ticks, timed } = this.schedule;
    if (!this.#sender.begin(frame, this.#output.history, ticks, true, timed)) return undefined;
    this.#current = frame;
    this.#packet = 0;
    return frame;
  }
}
