import {
  type AudioTrackInfo,
  type Frame,
  frameSizeBytes,
  type TrackInfo,
  type VideoTrackInfo,
} from "@millrace/media/frame";
import type { Derivation, DerivedSink, DerivedTarget, Timer } from "../../core/index.ts";
import { aacChannels, aacInfo } from "../aac-output.ts";
import { CrashRecord } from "../crash-record.ts";
import type { EngineOptions, GrowingCounters } from "../pool.ts";
import { SilenceFill } from "../silence-fill.ts";
import { aacArguments, type FfmpegFacts, opusArguments, videoArguments } from "./arguments.ts";
import { writeFeedFrame, writeFeedHeader } from "./feed.ts";
import { FeedHistory } from "./feed-history.ts";
import { FfmpegChild, type FfmpegOwner } from "./ffmpeg-child.ts";
import { pictureArguments } from "./picture-start.ts";
import { openResultReader, type ResultReader, type ResultTarget } from "./result-reader.ts";
import { AacTimes, PictureTimes, type ResultTimes, SoundTimes } from "./result-times.ts";

export interface FfmpegDerivationOptions {
  readonly source: TrackInfo;
  readonly target: DerivedTarget;
  readonly sink: DerivedSink;
  readonly facts: FfmpegFacts;
  readonly engine: EngineOptions;
  readonly counters: GrowingCounters;
  /** Called for every process that is started. */
  onStart(child: FfmpegChild): void;
  /** Called once, when it is over for whatever reason. */
  onEnd(derivation: FfmpegDerivation): void;
}

/** A jump in the input's time that is larger begins a new process, instead of as much silence. */
const maxGapUs = 1_000_000;
/** FLV times are 31 bits of milliseconds; long before that a new process begins. */
const maxFeedUs = 20 * 24 * 3600 * 1e6;
/** Sound of a new process may lie anywhere between that of the old one. */
const soundToleranceUs = 10_000;
const checksPerHang = 4;

/** One derivation made by one ffmpeg at a time. */
export class FfmpegDerivation implements Derivation, FfmpegOwner, ResultTarget {
  readonly #options: FfmpegDerivationOptions;
  readonly #crashes: CrashRecord;
  readonly #history: FeedHistory;
  readonly #times: ResultTimes;
  readonly #silence: SilenceFill | undefined;
  readonly #slotUs: number;
  #source: TrackInfo;
  #child: FfmpegChild | undefined;
  #reader: ResultReader | undefined;
  #baseUs = 0;
  #lastFedUs: number | undefined;
  #deliveredUs = Number.NEGATIVE_INFINITY;
  #needsKey = true;
  #fedKey = false;
  #told: TrackInfo | undefined;
  #hasSpoken = false;
  /** A process is going to be started when this turn of the event loop ends. */
  #starting = false;
  #check: Timer | undefined;
  #stalledChecks = 0;
  #lastQueued = 0;
  #closed = false;

  constructor(options: FfmpegDerivationOptions) {
    this.#options = options;
    const { engine, source, target } = options;
    const { limits } = engine;
    this.#source = source;
    this.#slotUs = 1e6 / limits.maxJpegPerSecond;
    this.#crashes = new CrashRecord(limits.quarantineWindowMs);
    const video = source.kind === "video";
    const maxBytes = video ? limits.maxVideoQueueBytes : limits.maxAudioQueueBytes;
    this.#history = new FeedHistory(video, maxBytes);
    this.#times = video
      ? new PictureTimes()
      : target.codec === "aac"
        ? new AacTimes()
        : new SoundTimes();
    if (target.codec === "aac") this.#silence = new SilenceFill(source, limits.maxSilenceMs);
    this.#scheduleCheck();
  }

  get child(): FfmpegChild | undefined {
    return this.#child;
  }

  get source(): TrackInfo {
    return this.#source;
  }

  get target(): DerivedTarget {
    return this.#options.target;
  }

  push(frame: Frame): void {
    const nowUs = this.#options.engine.clock.nowUs();
    if (this.#closed || this.#silence?.take(frame, nowUs) === false) return;
    this.#take(frame);
  }

  advance(streamUs: number): void {
    if (this.#closed) return;
    const nowUs = this.#options.engine.clock.nowUs();
    this.#silence?.advance(streamUs, nowUs, (frame) => this.#take(frame));
  }

  #take(frame: Frame): void {
    const { counters, engine, target } = this.#options;
    counters.framesIn++;
    if (!this.#admits(frame)) {
      counters.framesDropped++;
      this.#fedKey = false;
      return;
    }
    const stepUs = this.#lastFedUs === undefined ? 0 : frame.dtsUs - this.#lastFedUs;
    const mostUs = target.codec === "aac" ? engine.limits.maxSilenceMs * 1000 : maxGapUs;
    const isJump = stepUs > mostUs || stepUs < 0;
    if (isJump) this.#times.restart();
    if (isJump || frame.dtsUs - this.#baseUs > maxFeedUs) this.#abandon();
    this.#lastFedUs = frame.dtsUs;
    this.#history.push(frame);
    if (this.#child !== undefined) this.#feed(frame);
    else if (target.codec === "jpeg") this.#beginSoon();
    else {
      this.#begin(frame);
      this.#feed(frame);
    }
  }

  reconfigure(info: TrackInfo): void {
    if (this.#closed) return;
    if (info.kind !== this.#source.kind) {
      this.fail("CODEC_UNSUPPORTED", `the source became ${info.kind}`);
      return;
    }
    this.#source = info;
    this.#silence?.reconfigure(info);
    this.#abandon();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#check?.cancel();
    this.#child?.kill();
    this.#options.onEnd(this);
  }

  /** Gives up and says why. */
  fail(code: string, message: string): void {
    if (this.#closed) return;
    this.close();
    this.#options.sink.failed(code, message);
  }

  output(child: FfmpegChild, bytes: Uint8Array): void {
    if (child !== this.#child) return;
    this.#hasSpoken = true;
    this.#reader?.receive(bytes);
  }

  gone(child: FfmpegChild, lastWords: string): void {
    if (child !== this.#child || this.#closed) return;
    const { counters, engine } = this.#options;
    this.#child = undefined;
    counters.crashes++;
    engine.log.warn({ pid: child.pid }, "an ffmpeg ended; its stream goes on in another one");
    if (lastWords !== "") engine.log.debug({ pid: child.pid, lastWords }, "its last words");
    if (this.#crashes.note(engine.clock.nowUs()) >= engine.limits.maxCrashes) {
      counters.quarantined++;
      this.fail("TRANSCODER_CRASHED", "ffmpeg ended twice at this stream");
      return;
    }
    const [first] = this.#history.frames;
    if (first === undefined) return;
    counters.moves++;
    this.#beginAgain();
  }

  info(info: AudioTrackInfo | VideoTrackInfo): void {
    const { sink } = this.#options;
    if (this.#told !== undefined && isSame(info, this.#told)) return;
    this.#told = info;
    sink.info(info);
  }

  result(us: number, key: boolean, payload: readonly Uint8Array[]): void {
    const { target, counters, sink } = this.#options;
    const ptsUs = this.#times.timeOf(us);
    // After a crash only a key frame fits what the viewers have.
    const fits = target.codec !== "h264" || key || !this.#needsKey;
    if (ptsUs <= this.#lastUs() || !fits) {
      counters.duplicates++;
      return;
    }
    this.#needsKey = false;
    this.#deliveredUs = ptsUs;
    this.#history.delivered(ptsUs);
    counters.framesOut++;
    sink.frame({ ptsUs, dtsUs: ptsUs, key, payload });
  }

  /** Results up to this time are not wanted any more. */
  #lastUs(): number {
    const { codec, kind } = this.#options.target;
    if (kind === "audio") return Math.max(this.#deliveredUs + soundToleranceUs, leastUs[codec]);
    if (codec === "h264" || this.#deliveredUs < 0) return this.#deliveredUs;
    return (Math.floor(this.#deliveredUs / this.#slotUs) + 1) * this.#slotUs - 1;
  }

  #admits(frame: Frame): boolean {
    const { limits } = this.#options.engine;
    const size = frameSizeBytes(frame);
    // An empty packet would tell a decoder that nothing follows.
    if (size === 0) return false;
    const queued = (this.#child?.queuedBytes ?? 0) + size;
    if (this.#source.kind === "audio") {
      return size <= limits.maxAudioFrameBytes && queued <= limits.maxAudioQueueBytes;
    }
    if (size > limits.maxVideoFrameBytes || queued > limits.maxVideoQueueBytes) return false;
    if (frame.key) this.#fedKey = true;
    return this.#fedKey;
  }

  /** A group of pictures comes in one turn; only the newest picture of it is wanted. */
  #beginSoon(): void {
    if (this.#starting) return;
    this.#starting = true;
    process.nextTick(() => {
      this.#starting = false;
      if (!this.#closed && this.#child === undefined) this.#beginAgain();
    });
  }

  /** With everything that has not come out. */
  #beginAgain(): void {
    const { frames } = this.#history;
    const [first] = frames;
    if (first === undefined) return;
    this.#begin(first);
    for (const frame of frames) this.#feed(frame);
  }

  /** A new process takes the input's times from here on. */
  #begin(first: Frame): void {
    const { engine, target } = this.#options;
    const info = this.#source;
    this.#needsKey = true;
    this.#hasSpoken = false;
    this.#stalledChecks = 0;
    this.#lastQueued = 0;
    this.#baseUs = this.#times.begin(first.dtsUs);
    const sound = aacInfo(aacChannels(info));
    const { maxVideoFrameBytes } = engine.limits;
    this.#reader = openResultReader(target, sound, maxVideoFrameBytes, this);
    const child = new FfmpegChild(engine.ffmpegPath, this.#arguments(info), this);
    this.#child = child;
    this.#options.onStart(child);
    child.feed(writeFeedHeader(info));
  }

  #arguments(info: TrackInfo): readonly string[] {
    const { engine, facts, target } = this.#options;
    if (info.kind === "audio") {
      return target.codec === "aac"
        ? aacArguments(info, facts, engine.aacBitrateBps)
        : opusArguments(info, facts, engine.opusBitrateBps);
    }
    if (target.codec !== "jpeg") return videoArguments(info, facts);
    const { limits } = engine;
    return pictureArguments(info, facts, this.#history.frames, this.#baseUs, limits);
  }

  #feed(frame: Frame): void {
    this.#child?.feed(writeFeedFrame(frame, this.#source, this.#baseUs));
    this.#times.fed(frame.ptsUs);
  }

  /** Lets the process go, with what it has not given out. */
  #abandon(): void {
    this.#child?.kill();
    this.#child = undefined;
    this.#lastFedUs = undefined;
    this.#history.clear();
  }

  /** An ffmpeg that leaves its input unread hangs, unless it is only starting. */
  #scheduleCheck(): void {
    const { clock, limits } = this.#options.engine;
    const everyMs = limits.hangMs / checksPerHang;
    this.#check = clock.after(everyMs, () => {
      const queued = this.#child?.queuedBytes ?? 0;
      const stalled = queued > 0 && queued >= this.#lastQueued;
      this.#lastQueued = queued;
      this.#stalledChecks = stalled ? this.#stalledChecks + 1 : 0;
      const allowed = this.#hasSpoken ? checksPerHang : limits.bootTimeoutMs / everyMs;
      if (this.#stalledChecks >= allowed) {
        this.#stalledChecks = 0;
        this.#options.counters.hangs++;
        this.#child?.crash();
      }
      if (!this.#closed) this.#scheduleCheck();
    });
  }
}

/** Streams begin at 0; what the AAC encoder puts in front of that carries no sound. */
const leastUs = { opus: Number.NEGATIVE_INFINITY, aac: -1 } as const;

function isSame(one: TrackInfo, other: TrackInfo): boolean {
  return (
    Buffer.from(one.config).equals(other.config) &&
    (one.kind !== "video" ||
      other.kind !== "video" ||
      (one.width === other.width && one.height === other.height))
  );
}
