import { type Frame, frameSizeBytes, type MediaKind, type TrackInfo } from "@millrace/media/frame";
import { AudioCache, type FrameCache, type FrameCacheLimits, GopCache } from "./frame-cache.ts";
import type { PacketSource } from "./packet-source.ts";
import type { Log } from "./ports.ts";
import { ReorderDetector } from "./reorder-detector.ts";

/** Somebody who takes the frames of a track. Called in the publisher's turn of the event loop. */
export interface FrameSink {
  /** Takes one frame, in decoding order, starting with a key frame after every (re)start of the publisher. */
  frame(frame: Frame, track: Track): void;
  /** The configuration changed; frames after this call belong to it. */
  info?(info: TrackInfo, track: Track): void;
  /** Nothing follows. `code` is a stable string. */
  ended?(track: Track, code: string): void;
}

const bitrateWindowUs = 2_000_000;

/** One audio or video line of a stream, from the publisher or derived from one of its tracks. */
export class Track {
  /** `video`, `audio`, or for a derived track its target, such as `audio-opus`. */
  readonly id: string;
  readonly derived: boolean;
  readonly #log: Log;
  readonly #cache: GopCache | AudioCache;
  readonly #reorder = new ReorderDetector();
  // Replaced, never changed in place, so that a sink may come or go while frames are handed out.
  #sinks: readonly FrameSink[] = [];
  #info: TrackInfo;
  #packets: PacketSource | undefined;
  #awaitsKey = true;
  #lastDtsUs = Number.NEGATIVE_INFINITY;
  #lastKeyUs: number | undefined;
  #keyIntervalUs: number | undefined;
  #windowStartUs = 0;
  #windowBytes = 0;
  #windowFrames = 0;
  #frameRate = 0;
  #bitrateBps = 0;
  #frames = 0;
  #bytes = 0;
  #ended = false;

  constructor(id: string, info: TrackInfo, limits: FrameCacheLimits, log: Log, derived = false) {
    this.id = id;
    this.derived = derived;
    this.#info = info;
    this.#log = log;
    this.#cache = info.kind === "video" ? new GopCache(limits) : new AudioCache(limits);
    if (info.kind === "video") this.#reorder.declare(info.reorderDepth);
  }

  get kind(): MediaKind {
    return this.#info.kind;
  }

  get info(): TrackInfo {
    return this.#info;
  }

  /** The RTP that the publisher sends, when it speaks WebRTC; frames are then made only while a sink wants them. */
  get packets(): PacketSource | undefined {
    return this.#packets;
  }

  /** Whether frames come out of presentation order (B-frames); undefined while nobody can know. */
  get reorders(): boolean | undefined {
    return this.kind === "video" ? this.#reorder.result : false;
  }

  get cache(): FrameCache {
    return this.#cache;
  }

  /** Time between the last two key frames; undefined until two were seen. */
  get keyIntervalUs(): number | undefined {
    return this.#keyIntervalUs;
  }

  /** Over the last two seconds; 0 in the first ones. */
  get bitrateBps(): number {
    return this.#bitrateBps;
  }

  /** Frames per second over the last two seconds; 0 in the first ones. */
  get frameRate(): number {
    return this.#frameRate;
  }

  /** Frames and payload bytes since the track began. */
  get totals(): { readonly frames: number; readonly bytes: number } {
    return { frames: this.#frames, bytes: this.#bytes };
  }

  get sinkCount(): number {
    return this.#sinks.length;
  }

  subscribe(sink: FrameSink): void {
    if (this.#ended || this.#sinks.includes(sink)) return;
    this.#sinks = [...this.#sinks, sink];
    if (this.#sinks.length === 1) this.#packets?.wantFrames(true);
  }

  unsubscribe(sink: FrameSink): void {
    if (!this.#sinks.includes(sink)) return;
    this.#sinks = this.#sinks.filter((other) => other !== sink);
    if (this.#sinks.length > 0 || this.#packets === undefined) return;
    this.#packets.wantFrames(false);
    this.#forgetFrames();
  }

  /**
   * Hands a frame to everybody. Times are made to increase strictly within the track. Returns true
   * when `reorders` changed by it.
   */
  deliver(frame: Frame): boolean {
    const timed = this.keep(frame);
    if (timed === undefined) return false;
    const changed = this.kind === "video" && this.#reorder.push(timed);
    for (const sink of this.#sinks) {
      try {
        sink.frame(timed, this);
      } catch (error) {
        this.#dismiss(sink, error);
      }
    }
    return changed;
  }

  /** Takes a frame for late viewers alone. Returns it as it was kept, undefined when it was not. */
  keep(frame: Frame): Frame | undefined {
    if (this.#ended) return undefined;
    if (this.#awaitsKey) {
      if (!frame.key) return undefined;
      this.#awaitsKey = false;
    }
    const dtsUs = Math.max(frame.dtsUs, this.#lastDtsUs + 1);
    this.#lastDtsUs = dtsUs;
    const timed =
      dtsUs === frame.dtsUs ? frame : { ...frame, dtsUs, ptsUs: Math.max(frame.ptsUs, dtsUs) };
    this.#count(timed);
    this.#cache.push(timed);
    return timed;
  }

  /** Takes a new configuration and where the publisher's packets are. Returns whether anything changed. */
  reconfigure(info: TrackInfo, packets?: PacketSource): boolean {
    const forwarded = this.#forward(packets);
    if (sameInfo(info, this.#info)) return forwarded;
    this.#info = info;
    if (info.kind === "video") this.restart();
    for (const sink of this.#sinks) sink.info?.(info, this);
    return true;
  }

  /** The source starts anew: the next frame handed out is a key frame. */
  restart(): void {
    this.#awaitsKey = true;
    this.#lastKeyUs = undefined;
    if (this.#info.kind === "video") this.#reorder.declare(this.#info.reorderDepth);
  }

  /** Forgets cached audio from before the current group of pictures. */
  trimAudio(us: number): void {
    if (this.#cache instanceof AudioCache) this.#cache.dropBefore(us);
  }

  /** Ends the track for all its sinks. May be called twice. */
  end(code: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const sinks = this.#sinks;
    this.#sinks = [];
    if (sinks.length > 0) this.#packets?.wantFrames(false);
    this.#packets = undefined;
    this.#cache.clear();
    for (const sink of sinks) sink.ended?.(this, code);
  }

  #forward(packets: PacketSource | undefined): boolean {
    if (packets === this.#packets) return false;
    const wanted = this.#sinks.length > 0;
    if (wanted) this.#packets?.wantFrames(false);
    this.#packets = packets;
    if (packets !== undefined && !wanted) this.#forgetFrames();
    if (wanted) packets?.wantFrames(true);
    return true;
  }

  /** Frames come no more, and those kept are soon too old to begin with. */
  #forgetFrames(): void {
    this.#cache.clear();
    this.restart();
  }

  #count(frame: Frame): void {
    const size = frameSizeBytes(frame);
    this.#frames++;
    this.#bytes += size;
    if (frame.key && this.kind === "video") {
      if (this.#lastKeyUs !== undefined) this.#keyIntervalUs = frame.dtsUs - this.#lastKeyUs;
      this.#lastKeyUs = frame.dtsUs;
    }
    this.#windowBytes += size;
    this.#windowFrames++;
    const spanUs = frame.dtsUs - this.#windowStartUs;
    if (spanUs >= bitrateWindowUs) {
      // A longer span is a pause of the publisher, which says nothing about its bit rate.
      if (spanUs < 2 * bitrateWindowUs) {
        this.#bitrateBps = (this.#windowBytes * 8e6) / spanUs;
        this.#frameRate = (this.#windowFrames * 1e6) / spanUs;
      }
      this.#windowStartUs = frame.dtsUs;
      this.#windowBytes = 0;
      this.#windowFrames = 0;
    }
  }

  /** A sink that throws is a bug of ours; it must not cost the other viewers their stream. */
  #dismiss(sink: FrameSink, error: unknown): void {
    this.#log.error({ track: this.id, err: error }, "a frame sink failed and was removed");
    this.unsubscribe(sink);
    sink.ended?.(this, "INTERNAL_ERROR");
  }
}

function sameInfo(a: TrackInfo, b: TrackInfo): boolean {
  return (
    a.kind === b.kind &&
    a.codec === b.codec &&
    a.config.length === b.config.length &&
    a.config.every((byte, index) => byte === b.config[index]) &&
    (a.kind !== "audio" ||
      b.kind !== "audio" ||
      (a.sampleRate === b.sampleRate && a.channels === b.channels))
  );
}
