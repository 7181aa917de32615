import { usToTicks } from "@millrace/media/frame";
import type { PacerDriver, Replayer } from "./pacer-driver.ts";
import type { PacerLimits } from "./pacer-limits.ts";
import { planReplay } from "./replay-plan.ts";
import type { ReplayRate } from "./replay-rate.ts";
import type { RtpFrame } from "./rtp-frame.ts";
import type { RtpOutput } from "./rtp-output.ts";

/**
 * `waiting`: nothing to show until the next key frame. `held`: the key frame is shown, the rest waits for a replay
 * slot or for the next key frame. `replay`: the group of pictures so far, faster than it was made. `live`.
 */
export type ScheduleState = "waiting" | "held" | "replay" | "live";

/**
 * Decides which frame one viewer gets next and with which timestamp. It keeps no queue: what waits is what the shared
 * history has from `#next` on.
 */
export class VideoSchedule implements Replayer {
  #output: RtpOutput;
  readonly #driver: PacerDriver;
  readonly #limits: PacerLimits;
  readonly #rate: ReplayRate;
  readonly #onGranted: () => void;
  #state: ScheduleState = "waiting";
  /** Number of the next frame to send. */
  #next = 0;
  #replayStartUs = Number.NEGATIVE_INFINITY;
  #restarted = false;
  /** The next live frame is the first after replayed ones, whose capture times do not follow from their timestamps. */
  #resync = false;
  #closed = false;
  /** Of the frame that `take` returned: its time on the RTP clock, and whether it carries its capture time. */
  ticks = 0;
  timed = false;
  /** Wire bit rate of what is replayed. */
  replayedBps = 0;
  replays = 0;
  /** Frames left out because the viewer could not keep up. */
  droppedFrames = 0;
  /** Frames of a replay left out: not referenced, or overtaken by a new key frame. */
  skippedFrames = 0;

  constructor(options: {
    readonly output: RtpOutput;
    readonly driver: PacerDriver;
    readonly limits: PacerLimits;
    readonly rate: ReplayRate;
    /** A replay may begin after it had to wait. */
    onGranted(): void;
  }) {
    this.#output = options.output;
    this.#driver = options.driver;
    this.#limits = options.limits;
    this.#rate = options.rate;
    this.#onGranted = options.onGranted;
  }

  get state(): ScheduleState {
    return this.#state;
  }

  /** `take` has a frame to give. */
  get pending(): boolean {
    if (this.#state === "waiting") return false;
    if (this.#state === "held") return this.#keyPending();
    return this.#next < this.#output.history.next;
  }

  /** Wire bytes of the frames that wait. */
  get waitingBytes(): number {
    if (!this.pending) return 0;
    const first = this.#output.history.get(this.#next);
    if (first === undefined) return 0;
    if (this.#state === "held") return first.sizeBytes;
    return this.#output.history.endBytes - first.endBytes + first.sizeBytes;
  }

  /** The next thing that it gives is a key frame that was asked for. */
  get keyPending(): boolean {
    return this.#state !== "live" && this.#state !== "waiting" && this.#keyPending();
  }

  /** Begins, or begins anew, with the current group of pictures. */
  start(nowUs: number): void {
    this.#leaveReplay();
    this.#restarted = false;
    const key = this.#output.history.key;
    if (key === undefined || this.#isNewKeySooner()) this.#awaitKey();
    else this.#startAt(key, nowUs);
  }

  /** Goes on with another output at `key`, the key frame of it that begins now. */
  switchTo(output: RtpOutput, key: RtpFrame): void {
    this.#leaveReplay();
    this.#output = output;
    this.#next = key.number;
    this.#goLive();
  }

  /** Begins anew with another output. */
  startWith(output: RtpOutput, nowUs: number): void {
    this.#output = output;
    this.start(nowUs);
  }

  /** The output has a new frame. */
  frameAdded(frame: RtpFrame): void {
    if (this.#state === "replay") return;
    if (this.#state === "live") {
      if (frame.number !== this.#next) this.#boundQueue(frame);
    } else if (frame.key) {
      this.#next = frame.number;
      this.#goLive();
    }
  }

  /**
   * The viewer cannot decode: sends the group of pictures once more, as far as that makes sense.
   * During a replay once and slower; otherwise at most once per `minReplayGapUs`. Returns whether it does.
   */
  restart(nowUs: number): boolean {
    if (this.#output.answersKeyRequests) {
      this.#output.requestKeyFrame();
      return false;
    }
    const key = this.#output.history.key;
    if (key === undefined || this.#state === "held") return false;
    if (this.#state === "replay") {
      this.#rate.giveUp(nowUs);
      this.#leaveReplay();
      if (this.#restarted || this.#plan(key, nowUs).type === "key-only") {
        this.#waitForKey();
        return false;
      }
      this.#restarted = true;
    } else {
      if (nowUs - this.#replayStartUs < this.#limits.minReplayGapUs) return false;
      if (this.#plan(key, nowUs).type === "key-only") return false;
      this.#replayStartUs = nowUs;
    }
    this.#startAt(key, nowUs);
    return true;
  }

  /** From the driver: a replay slot is free. */
  granted(nowUs: number): void {
    const key = this.#output.history.key;
    const plan = key === undefined ? undefined : this.#plan(key, nowUs);
    if (this.#closed || this.#state !== "held" || plan === undefined || plan.type === "key-only") {
      this.#driver.release(this);
      return;
    }
    this.#enterReplay(plan.type === "replay" ? plan.factor : this.#limits.minFactor, nowUs);
    this.#onGranted();
  }

  /** Gives a replay up that takes too long. */
  expire(nowUs: number): void {
    if (this.#state !== "replay") return;
    if (nowUs - this.#replayStartUs > this.#limits.maxReplayDurationUs) this.#waitForKey();
  }

  /** The next frame to send, with `ticks` and `timed` set; undefined when none waits. */
  take(): RtpFrame | undefined {
    const { history } = this.#output;
    if (!this.pending) return undefined;
    if (this.#state === "held") {
      const key = history.get(this.#next);
      this.#next++;
      return this.#give(key as RtpFrame, this.#sendClock());
    }
    this.#jumpToKey();
    for (;;) {
      const frame = history.get(this.#next);
      if (frame === undefined) {
        // It is older than the history, so only a key frame helps.
        this.#waitForKey();
        return undefined;
      }
      this.#next++;
      const last = this.#next === history.next;
      if (this.#state === "live") return this.#give(frame, frame.ticks);
      if (frame.reference || this.#next >= history.next - 1) {
        this.#give(frame, this.#sendClock());
        if (last) this.#goLive();
        return frame;
      }
      this.skippedFrames++;
    }
  }

  /** May be called twice. */
  close(): void {
    this.#closed = true;
    this.#state = "waiting";
    this.#driver.release(this);
  }

  #startAt(key: RtpFrame, nowUs: number): void {
    const plan = this.#plan(key, nowUs);
    this.#next = key.number;
    if (plan.type === "live") this.#state = "live";
    else if (plan.type === "replay" && this.#driver.request(this)) {
      this.#enterReplay(plan.factor, nowUs);
    } else this.#state = "held";
  }

  #enterReplay(factor: number, nowUs: number): void {
    this.#state = "replay";
    this.#replayStartUs = nowUs;
    this.replayedBps = this.#output.group.rateBps;
    this.#rate.start(factor, nowUs);
    this.replays++;
  }

  #leaveReplay(): void {
    this.#driver.release(this);
    if (this.#state === "replay") this.#resync = true;
  }

  #goLive(): void {
    this.#leaveReplay();
    this.#state = "live";
    this.#restarted = false;
  }

  #waitForKey(): void {
    this.#leaveReplay();
    this.droppedFrames += Math.max(0, this.#output.history.next - this.#next);
    this.#awaitKey();
  }

  #awaitKey(): void {
    this.#state = "waiting";
    this.#output.requestKeyFrame();
  }

  /** A publisher that can be asked makes a key frame sooner than a long replay is over. */
  #isNewKeySooner(): boolean {
    return (
      this.#output.answersKeyRequests && this.#output.group.ageUs > this.#limits.maxAskableAgeUs
    );
  }

  #plan(key: RtpFrame, nowUs: number): ReturnType<typeof planReplay> {
    const { history, frameUs, keyIntervalUs, group } = this.#output;
    return planReplay(
      {
        ageUs: group.ageUs,
        frames: history.next - key.number,
        bytes: group.bytes,
        complete: key.number >= history.first,
        rateBps: group.rateBps,
        framesPerSecond: 1e6 / frameUs,
        keyIntervalUs,
        ceiling: this.#rate.ceiling(nowUs),
      },
      this.#limits,
    );
  }

  #give(frame: RtpFrame, ticks: number): RtpFrame {
    this.ticks = ticks;
    this.timed = frame.timed || this.#state !== "live" || this.#resync;
    if (this.#state === "live") this.#resync = false;
    return frame;
  }

  /** The timestamp of a frame that is sent late: the live clock less one frame, so that it tells when it was sent. */
  #sendClock(): number {
    const { clockRate, frameUs } = this.#output;
    return this.#output.liveTicks() - usToTicks(Math.round(frameUs), clockRate);
  }

  /** A newer key frame makes what waits before it superfluous. */
  #jumpToKey(): void {
    const key = this.#output.history.key;
    if (key === undefined || key.number <= this.#next) return;
    const skipped = key.number - this.#next;
    if (this.#state === "replay") this.skippedFrames += skipped;
    // One frame before a key frame is a key frame that came at once, not a viewer that is too slow.
    else if (skipped < 2) return;
    else this.droppedFrames += skipped;
    this.#next = key.number;
    this.#goLive();
  }

  /** A viewer whose live queue grows over a limit continues at the next key frame. */
  #boundQueue(latest: RtpFrame): void {
    const first = this.#output.history.get(this.#next);
    const { maxQueueBytes, maxQueueUs } = this.#limits;
    const fits =
      first !== undefined &&
      latest.arrivedUs - first.arrivedUs <= maxQueueUs &&
      this.waitingBytes <= maxQueueBytes;
    if (!fits && !latest.key) this.#waitForKey();
  }

  #keyPending(): boolean {
    return this.#output.history.key?.number === this.#next;
  }
}
