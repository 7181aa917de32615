import { usToTicks } from "@millrace/media/frame";
import { wallMsToNtp } from "@millrace/media/rtp";
import type { Log, PacketEncoding, Stream, Track } from "../../core/index.ts";
import type { RtcCodec } from "../peer.ts";
import type { EgressCore } from "./core.ts";
import { FrameFeed } from "./frame-feed.ts";
import { FrameHistory } from "./frame-history.ts";
import { PacketFeed } from "./packet-feed.ts";
import type { RtpFrame } from "./rtp-frame.ts";

/** A viewer's end of an output. */
export interface OutputSink {
  /** A live frame, already in the history. It may be incomplete. */
  frame(frame: RtpFrame): void;
  /** The latest frame has more packets, or is complete now. */
  grown(frame: RtpFrame): void;
  /** Another source follows; the history may begin anew with its cached frames. */
  sourceChanged(): void;
  /** It threw: a bug of ours. It is told no more frames. */
  failed(error: unknown): void;
}

export interface RtpOutputOptions {
  readonly stream: Stream;
  readonly clockRate: number;
  readonly core: EgressCore;
  readonly log: Log;
  /** The track that is being sent ended by itself. */
  onEnded(code: string): void;
}

/** What a feed knows of a frame that begins. */
export interface FedFrame {
  readonly codec: RtcCodec;
  readonly key: boolean;
  readonly reference: boolean;
  readonly ptsUs: number;
  readonly arrivedUs: number;
  readonly lostBefore: number;
  readonly payloads: readonly Uint8Array[];
}

/** Where an output's frames come from. */
export interface OutputFeed {
  /** Puts in what is cached, then everything that follows. */
  start(): void;
  /** Asks the publisher for a key frame; absent where that cannot be done. */
  readonly requestKeyFrame?: () => void;
  /** May be called twice. */
  close(): void;
}

const rateWindowUs = 2_000_000;
/** A rate over less says more about one frame than about the stream. */
const minRateSpanUs = 500_000;
/** One frame in so long carries its capture time. */
const captureIntervalUs = 1_000_000;
const defaultFrameUs = 33_333;
const latenessWeight = 1 / 16;

/**
 * What all viewers of one track, or of one simulcast layer of it, are sent: made once, or taken over from the publisher's
 * packets as they come. It keeps its numbering when its source changes.
 */
export class RtpOutput {
  readonly clockRate: number;
  readonly history: FrameHistory = new FrameHistory();
  readonly #options: RtpOutputOptions;
  #source: Track | undefined;
  #encoding: PacketEncoding | undefined;
  #feed: OutputFeed | undefined;
  // Replaced, never changed in place, so that a viewer may leave while frames are handed out.
  #sinks: readonly OutputSink[] = [];
  /** Number of the frame where the rate window begins. */
  #windowStart = 0;
  #rateBps = 0;
  #timedUs = Number.NEGATIVE_INFINITY;
  #latenessUs = 0;

  constructor(options: RtpOutputOptions) {
    this.#options = options;
    this.clockRate = options.clockRate;
  }

  /** The track that is sent; undefined when there is none. */
  get source(): Track | undefined {
    return this.#source;
  }

  /** The publisher's encoding that is forwarded; undefined when frames are packetised here. */
  get encoding(): PacketEncoding | undefined {
    return this.#encoding;
  }

  get sinkCount(): number {
    return this.#sinks.length;
  }

  /** A key frame can be had by asking for it. */
  get answersKeyRequests(): boolean {
    return this.#feed?.requestKeyFrame !== undefined;
  }

  /** Asks the publisher for a key frame, where that can be done. */
  requestKeyFrame(): void {
    this.#feed?.requestKeyFrame?.();
  }

  /**
   * Sends another track from now on, beginning with what is cached of its video; undefined: nothing.
   * `encoding` is the one of the track's packets to forward, where it has any.
   */
  setSource(track: Track | undefined, encoding?: PacketEncoding): void {
    if (track === this.#source && encoding === this.#encoding) return;
    this.#feed?.close();
    this.#source = track;
    this.#encoding = encoding;
    this.history.forgetKey();
    this.#feed = track === undefined ? undefined : this.#openFeed(track, encoding);
    this.#feed?.start();
    for (const sink of this.#sinks) sink.sourceChanged();
  }

  add(sink: OutputSink): void {
    if (!this.#sinks.includes(sink)) this.#sinks = [...this.#sinks, sink];
  }

  remove(sink: OutputSink): void {
    this.#sinks = this.#sinks.filter((other) => other !== sink);
  }

  /** From the feed: a frame begins. `live`: it comes now, and is handed to all viewers. */
  begin(fed: FedFrame, complete: boolean, live: boolean): void {
    const { ptsUs, arrivedUs } = fed;
    const timed = fed.key || ptsUs - this.#timedUs >= captureIntervalUs;
    if (timed) this.#timedUs = ptsUs;
    const frame = this.history.push(
      {
        ...fed,
        ticks: usToTicks(ptsUs, this.clockRate),
        captured: wallMsToNtp(this.#options.stream.captureWallMs(ptsUs)),
        timed,
      },
      complete,
    );
    this.#moveWindow(frame);
    this.#measureRate();
    if (!live) return;
    const lateUs = Math.max(0, arrivedUs - ptsUs);
    this.#latenessUs += (lateUs - this.#latenessUs) * latenessWeight;
    for (const sink of this.#sinks) {
      try {
        sink.frame(frame);
      } catch (error) {
        this.#dismiss(sink, error);
      }
    }
    this.#options.core.flush();
  }

  /** From the feed: the frame begun last has more payloads, or is complete now. */
  grow(complete: boolean): void {
    const frame = this.history.latest;
    if (frame === undefined || frame.complete) return;
    this.history.grow(complete);
    this.#measureRate();
    for (const sink of this.#sinks) {
      try {
        sink.grown(frame);
      } catch (error) {
        this.#dismiss(sink, error);
      }
    }
    this.#options.core.flush();
  }

  /** From the feed: the track ended. */
  ended(code: string): void {
    this.#feed?.close();
    this.#feed = undefined;
    this.#source = undefined;
    this.#encoding = undefined;
    this.#options.onEnded(code);
  }

  /** Now, on the RTP clock: what sender reports pair with the wall clock. */
  nowTicks(): number {
    return usToTicks(this.#options.stream.nowUs(), this.clockRate);
  }

  /** The time of a frame that would arrive now, on the RTP clock: now, less how late frames come. */
  liveTicks(): number {
    const nowUs = this.#options.stream.nowUs();
    return usToTicks(Math.max(0, Math.round(nowUs - this.#latenessUs)), this.clockRate);
  }

  /** Wire bits per second over the last two seconds. */
  get rateBps(): number {
    return this.#rateBps;
  }

  /** Mean time between frames over the last two seconds. */
  get frameUs(): number {
    const latest = this.history.latest;
    const start = this.history.get(this.#windowStart);
    if (latest === undefined || start === undefined) return defaultFrameUs;
    const steps = latest.number - start.number;
    const meanUs = steps < 2 ? defaultFrameUs : (latest.ptsUs - start.ptsUs) / steps;
    return meanUs > 0 ? meanUs : defaultFrameUs;
  }

  /** The group of pictures from the newest key frame on: how long and large it is so far, and its wire bit rate. */
  get group(): { readonly ageUs: number; readonly bytes: number; readonly rateBps: number } {
    const { key, latest, endBytes } = this.history;
    if (key === undefined || latest === undefined) return { ageUs: 0, bytes: 0, rateBps: 0 };
    const ageUs = latest.ptsUs - key.ptsUs;
    const bytes = endBytes - key.endBytes + key.sizeBytes;
    // The group may be busier than the last two seconds, and then takes longer than they tell.
    const groupBps = ageUs >= minRateSpanUs ? (bytes * 8e6) / ageUs : 0;
    return { ageUs, bytes, rateBps: Math.max(groupBps, this.rateBps) };
  }

  get keyIntervalUs(): number | undefined {
    return this.#source?.keyIntervalUs;
  }

  /** May be called twice. */
  close(): void {
    this.#feed?.close();
    this.#feed = undefined;
    this.#source = undefined;
    this.#encoding = undefined;
    this.#sinks = [];
  }

  #openFeed(track: Track, encoding: PacketEncoding | undefined): OutputFeed {
    const { stream, log } = this.#options;
    if (encoding !== undefined) return new PacketFeed(this, track, encoding);
    return new FrameFeed({ output: this, track, stream, log });
  }

  /** Once per frame, for every viewer asks. */
  #measureRate(): void {
    const latest = this.history.latest;
    const start = this.history.get(this.#windowStart);
    if (latest === undefined || start === undefined) return;
    const spanUs = Math.max(minRateSpanUs, latest.ptsUs - start.ptsUs);
    this.#rateBps = ((latest.endBytes - start.endBytes + start.sizeBytes) * 8e6) / spanUs;
  }

  #moveWindow(latest: RtpFrame): void {
    this.#windowStart = Math.max(this.#windowStart, this.history.first);
    for (;;) {
      const start = this.history.get(this.#windowStart);
      if (start === undefined || start === latest) return;
      const spanUs = latest.ptsUs - start.ptsUs;
      // A span below zero comes from cached frames of another source.
      if (spanUs >= 0 && spanUs <= rateWindowUs) return;
      this.#windowStart++;
    }
  }

  #dismiss(sink: OutputSink, error: unknown): void {
    this.remove(sink);
    this.#options.log.error({ err: error }, "a viewer failed and was removed");
    sink.failed(error);
  }
}
