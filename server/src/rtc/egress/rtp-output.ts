import { type Frame, type TrackInfo, usToTicks } from "@millrace/media/frame";
import { wallMsToNtp } from "@millrace/media/rtp";
import {
  type FrameSink,
  type Log,
  ProtocolError,
  type Stream,
  type Track,
} from "../../core/index.ts";
import type { EgressCore } from "./core.ts";
import { FrameHistory } from "./frame-history.ts";
import type { Packetiser } from "./packetiser.ts";
import { packetOverheadBytes, type RtpFrame } from "./rtp-frame.ts";

/** A viewer's end of an output. */
export interface OutputSink {
  /** A live frame, already in the history. */
  frame(frame: RtpFrame): void;
  /** Another source follows; the history may begin anew with its cached frames. */
  sourceChanged(): void;
  /** It threw: a bug of ours. It is told no more frames. */
  failed(error: unknown): void;
}

export interface RtpOutputOptions {
  readonly stream: Stream;
  readonly clockRate: number;
  readonly packetiser: Packetiser;
  readonly core: EgressCore;
  readonly log: Log;
  /** The track that is being sent ended by itself. */
  onEnded(code: string): void;
}

const rateWindowUs = 2_000_000;
/** A rate over less says more about one frame than about the stream. */
const minRateSpanUs = 500_000;
/** One frame in so long carries its capture time. */
const captureIntervalUs = 1_000_000;
const defaultFrameUs = 33_333;
const latenessWeight = 1 / 16;

/** Packetises the frames of one track once and hands them to all viewers. It keeps its numbering when its source changes. */
export class RtpOutput implements FrameSink {
  readonly clockRate: number;
  readonly history: FrameHistory = new FrameHistory();
  readonly #options: RtpOutputOptions;
  #source: Track | undefined;
  // Replaced, never changed in place, so that a viewer may leave while frames are handed out.
  #sinks: readonly OutputSink[] = [];
  /** Number of the frame where the rate window begins. */
  #windowStart = 0;
  #timedUs = Number.NEGATIVE_INFINITY;
  #latenessUs = 0;

  constructor(options: RtpOutputOptions) {
    this.#options = options;
    this.clockRate = options.clockRate;
  }

  get source(): Track | undefined {
    return this.#source;
  }

  get sinkCount(): number {
    return this.#sinks.length;
  }

  /** Takes frames from another track from now on, beginning with its cached ones for video; undefined: from none. */
  setSource(track: Track | undefined): void {
    if (track === this.#source) return;
    this.#source?.unsubscribe(this);
    this.#source = track;
    this.history.forgetKey();
    if (track !== undefined) {
      this.info(track.info);
      if (track.kind === "video") for (const frame of track.cache.frames) this.#push(frame);
      track.subscribe(this);
    }
    for (const sink of this.#sinks) sink.sourceChanged();
  }

  add(sink: OutputSink): void {
    if (!this.#sinks.includes(sink)) this.#sinks = [...this.#sinks, sink];
  }

  remove(sink: OutputSink): void {
    this.#sinks = this.#sinks.filter((other) => other !== sink);
  }

  info(info: TrackInfo): void {
    try {
      this.#options.packetiser.configure(info);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.log.warn({ code: error.code }, "a decoder configuration cannot be read");
    }
  }

  frame(frame: Frame): void {
    const made = this.#push(frame);
    if (made === undefined) return;
    const lateUs = Math.max(0, made.arrivedUs - made.ptsUs);
    this.#latenessUs += (lateUs - this.#latenessUs) * latenessWeight;
    for (const sink of this.#sinks) {
      try {
        sink.frame(made);
      } catch (error) {
        this.#dismiss(sink, error);
      }
    }
    this.#options.core.flush();
  }

  ended(_track: Track, code: string): void {
    this.#source = undefined;
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
    const latest = this.history.latest;
    const start = this.history.get(this.#windowStart);
    if (latest === undefined || start === undefined) return 0;
    const spanUs = Math.max(minRateSpanUs, latest.ptsUs - start.ptsUs);
    return ((latest.endBytes - start.endBytes + start.sizeBytes) * 8e6) / spanUs;
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

  close(): void {
    this.#source?.unsubscribe(this);
    this.#source = undefined;
    this.#sinks = [];
  }

  #push(frame: Frame): RtpFrame | undefined {
    const packetised = this.#options.packetiser.packetise(frame);
    if (packetised === undefined) return undefined;
    let sizeBytes = 0;
    for (const payload of packetised.payloads) sizeBytes += payload.length + packetOverheadBytes;
    const { ptsUs } = frame;
    const timed = frame.key || ptsUs - this.#timedUs >= captureIntervalUs;
    if (timed) this.#timedUs = ptsUs;
    const made: RtpFrame = {
      number: this.history.next,
      key: frame.key,
      reference: packetised.reference,
      payloads: packetised.payloads,
      sizeBytes,
      endBytes: this.history.endBytes + sizeBytes,
      ptsUs,
      arrivedUs: this.#options.stream.nowUs(),
      ticks: usToTicks(ptsUs, this.clockRate),
      captured: wallMsToNtp(this.#options.stream.captureWallMs(ptsUs)),
      timed,
    };
    this.history.push(made);
    this.#moveWindow(made);
    return made;
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
