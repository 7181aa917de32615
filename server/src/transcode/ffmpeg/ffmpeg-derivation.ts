import {
  FlvDemuxer,
  FlvReader,
  tagTypeOf,
  writeConfigBody,
  writeFlvHeader,
  writeFlvTag,
  writeFrameTag,
} from "@millrace/media/flv";
import { type Frame, frameSizeBytes, type TrackInfo, ticksToUs } from "@millrace/media/frame";
import { writeOpusIdHeader } from "@millrace/media/opus";
import type { Derivation, DerivedSink, Timer } from "../../core/index.ts";
import { CrashRecord } from "../crash-record.ts";
import type { EngineOptions, GrowingCounters } from "../pool.ts";
import { audioArguments, type FfmpegFacts, videoArguments } from "./arguments.ts";
import { FeedHistory } from "./feed-history.ts";
import { FfmpegChild, type FfmpegOwner } from "./ffmpeg-child.ts";
import { OpusTsReader } from "./opus-ts-reader.ts";

export interface FfmpegDerivationOptions {
  readonly source: TrackInfo;
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
const maxTimestampMs = 20 * 24 * 3600 * 1000;
/** Opus packets of a new process may lie anywhere between those of the old one. */
const opusToleranceUs = 10_000;
const checksPerHang = 4;
const opusPreSkip = 120;
/** Pictures whose exact time is remembered while ffmpeg has them. */
const maxTimesKept = 1024;

/** One derivation made by one ffmpeg at a time. */
export class FfmpegDerivation implements Derivation, FfmpegOwner {
  readonly #options: FfmpegDerivationOptions;
  readonly #crashes: CrashRecord;
  readonly #history: FeedHistory;
  /** Exact presentation times by the milliseconds that FLV carries. */
  readonly #times = new Map<number, number>();
  #source: TrackInfo;
  #child: FfmpegChild | undefined;
  #baseMs = 0;
  #lastFedUs: number | undefined;
  #deliveredUs = Number.NEGATIVE_INFINITY;
  #needsKey = true;
  #fedKey = false;
  #told = false;
  #hasSpoken = false;
  #ts = new OpusTsReader();
  #flv = new FlvReader();
  #demuxer = new FlvDemuxer();
  #check: Timer | undefined;
  #stalledChecks = 0;
  #lastQueued = 0;
  #closed = false;

  constructor(options: FfmpegDerivationOptions) {
    this.#options = options;
    const { engine, source } = options;
    this.#source = source;
    this.#crashes = new CrashRecord(engine.limits.quarantineWindowMs);
    const { maxAudioQueueBytes, maxVideoQueueBytes } = engine.limits;
    const video = source.kind === "video";
    this.#history = new FeedHistory(video, video ? maxVideoQueueBytes : maxAudioQueueBytes);
    this.#scheduleCheck();
  }

  get child(): FfmpegChild | undefined {
    return this.#child;
  }

  get source(): TrackInfo {
    return this.#source;
  }

  push(frame: Frame): void {
    if (this.#closed) return;
    const { counters } = this.#options;
    counters.framesIn++;
    if (!this.#admits(frame)) {
      counters.framesDropped++;
      this.#fedKey = false;
      return;
    }
    const stepUs = this.#lastFedUs === undefined ? 0 : frame.dtsUs - this.#lastFedUs;
    const ageMs = Math.floor(frame.dtsUs / 1000) - this.#baseMs;
    if (stepUs > maxGapUs || stepUs < 0 || ageMs > maxTimestampMs) this.#abandon();
    this.#history.push(frame);
    if (this.#child === undefined) this.#begin(frame);
    this.#feed(frame);
  }

  reconfigure(info: TrackInfo): void {
    if (this.#closed) return;
    if (info.kind !== this.#source.kind) {
      this.fail("CODEC_UNSUPPORTED", `the source became ${info.kind}`);
      return;
    }
    this.#source = info;
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
    if (this.#source.kind === "audio") this.#readOpus(bytes);
    else this.#readVideo(bytes);
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
    this.#begin(first);
    for (const frame of this.#history.frames) this.#feed(frame);
  }

  #admits(frame: Frame): boolean {
    const { limits } = this.#options.engine;
    const size = frameSizeBytes(frame);
    const queued = (this.#child?.queuedBytes ?? 0) + size;
    if (this.#source.kind === "audio") {
      return size <= limits.maxAudioFrameBytes && queued <= limits.maxAudioQueueBytes;
    }
    if (size > limits.maxVideoFrameBytes || queued > limits.maxVideoQueueBytes) return false;
    if (frame.key) this.#fedKey = true;
    return this.#fedKey;
  }

  /** A new process takes the input's times from here on. */
  #begin(first: Frame): void {
    const { engine, facts } = this.#options;
    const info = this.#source;
    this.#ts = new OpusTsReader();
    this.#flv = new FlvReader();
    this.#demuxer = new FlvDemuxer();
    this.#times.clear();
    this.#needsKey = true;
    this.#hasSpoken = false;
    this.#stalledChecks = 0;
    this.#lastQueued = 0;
    this.#baseMs = Math.floor(first.dtsUs / 1000);
    const args =
      info.kind === "audio" ? audioArguments(engine.opusBitrateBps) : videoArguments(info, facts);
    const child = new FfmpegChild(engine.ffmpegPath, args, this);
    this.#child = child;
    this.#options.onStart(child);
    child.feed(writeFlvHeader({ audio: info.kind === "audio", video: info.kind === "video" }));
    const config = writeConfigBody(info);
    if (config !== undefined) child.feed(writeFlvTag(tagTypeOf(info), 0, config));
  }

  #feed(frame: Frame): void {
    this.#lastFedUs = frame.dtsUs;
    const timestampMs = Math.max(0, Math.floor(frame.dtsUs / 1000) - this.#baseMs);
    this.#child?.feed(writeFrameTag(frame, this.#source, timestampMs));
    if (this.#source.kind === "audio") return;
    this.#times.set(Math.floor(frame.ptsUs / 1000) - this.#baseMs, frame.ptsUs);
    if (this.#times.size <= maxTimesKept) return;
    for (const oldest of this.#times.keys()) {
      this.#times.delete(oldest);
      break;
    }
  }

  /** Lets the process go, with what it has not given out. */
  #abandon(): void {
    this.#child?.kill();
    this.#child = undefined;
    this.#lastFedUs = undefined;
    this.#history.clear();
  }

  #readOpus(bytes: Uint8Array): void {
    if (!this.#told) {
      this.#told = true;
      this.#options.sink.info(opusInfo);
    }
    for (const { ptsTicks, payload } of this.#ts.receive(bytes)) {
      const ptsUs = this.#baseMs * 1000 + ticksToUs(ptsTicks, 90_000);
      if (ptsUs <= this.#deliveredUs + opusToleranceUs) this.#options.counters.duplicates++;
      else this.#deliver({ ptsUs, dtsUs: ptsUs, key: true, payload: [payload] });
    }
  }

  #readVideo(bytes: Uint8Array): void {
    this.#flv.receive(bytes);
    for (let item = this.#flv.next(); item !== undefined; item = this.#flv.next()) {
      if (item.type !== "tag") continue;
      const { type, timestampMs, body } = item.tag;
      for (const part of this.#demuxer.tag(type, timestampMs, body)) {
        if (part.type === "track" && part.info.kind === "video") {
          this.#options.sink.info({ ...part.info, reorderDepth: 0 });
        } else if (part.type === "frame") this.#picture(part.frame);
      }
    }
  }

  #picture(frame: Frame): void {
    const ms = Math.round(frame.ptsUs / 1000);
    const ptsUs = this.#times.get(ms) ?? (this.#baseMs + ms) * 1000;
    this.#times.delete(ms);
    // After a crash only a key frame fits what the viewers have.
    if (ptsUs <= this.#deliveredUs || (this.#needsKey && !frame.key)) {
      this.#options.counters.duplicates++;
      return;
    }
    this.#needsKey = false;
    this.#deliver({ ...frame, ptsUs, dtsUs: ptsUs });
  }

  #deliver(frame: Frame): void {
    this.#deliveredUs = frame.ptsUs;
    this.#history.delivered(frame.ptsUs);
    this.#options.counters.framesOut++;
    this.#options.sink.frame(frame);
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

const opusInfo = {
  kind: "audio",
  codec: "opus",
  codecString: "opus",
  config: writeOpusIdHeader({
    channels: 2,
    preSkip: opusPreSkip,
    inputSampleRate: 48_000,
    outputGain: 0,
    mappingFamily: 0,
    mapping: undefined,
  }),
  sampleRate: 48_000,
  channels: 2,
} as const;
