import type { Frame, TrackInfo } from "@millrace/media/frame";
import { cachedSound, type FrameCacheLimits } from "./frame-cache.ts";
import type {
  Clock,
  Derivation,
  DerivedSink,
  DerivedTarget,
  Log,
  Timer,
  Transcoder,
} from "./ports.ts";
import { type FrameSink, Track } from "./track.ts";

/** A share in a derived track. Give it back when the last frame was taken. */
export interface TrackLease {
  readonly track: Track;
  /** May be called twice. */
  release(): void;
}

/** The name of what a target asks for; also the derived track's id. */
export function targetId(target: DerivedTarget): string {
  if (target.codec === "h264") return "video-h264-in-order";
  return `${target.kind}-${target.codec}`;
}

export interface DerivedTrackOptions {
  readonly source: Track;
  readonly target: DerivedTarget;
  readonly transcoder: Transcoder;
  readonly clock: Clock;
  readonly log: Log;
  readonly cacheLimits: FrameCacheLimits;
  /** How long the transcoder goes on after the last lease. Milliseconds. */
  readonly lingerMs: number;
  /** Where the cached group of pictures begins, decoding time; undefined without one. */
  readonly pictureStartUs: number | undefined;
  /** The stream's own time; undefined while nobody publishes. */
  liveUs(): number | undefined;
  /** Called once when the derived track is gone. */
  onEnd(): void;
}

/** How often a transcoder hears what time it is, which is how long a hole in the sound goes unseen. Milliseconds. */
const advanceMs = 100;
/** Results of cached sound are complete this long before its end, for codecs hold some back. */
const heldBackUs = 100_000;

/**
 * Feeds a source track to a transcoder while somebody holds a lease, and hands out the result as a
 * track. It starts with the cached group of pictures or its sound, so that a late viewer of it starts
 * at once too. What becomes of cached sound is cached all at once and not handed out: whoever has
 * waited for the first frame finds it in the cache, and nobody hears old sound late.
 */
export class DerivedTrack implements FrameSink, DerivedSink {
  readonly track: Track;
  readonly #options: DerivedTrackOptions;
  readonly #derivation: Derivation;
  #leases = 0;
  #linger: Timer | undefined;
  #advance: Timer | undefined;
  /** Made of cached sound; kept back until it is complete. */
  #before: Frame[] = [];
  /** Results from this time on are handed out. */
  #liveFromUs = Number.NEGATIVE_INFINITY;
  #ended = false;

  /** @throws RefusedError when the transcoder cannot or will not. */
  constructor(options: DerivedTrackOptions) {
    this.#options = options;
    const { source, target, transcoder } = options;
    this.track = new Track(
      targetId(target),
      expectedInfo(source.info, target),
      options.cacheLimits,
      options.log,
      true,
    );
    this.#derivation = transcoder.start(source.info, target, this);
    const cached =
      source.kind === "video"
        ? source.cache.frames
        : cachedSound(source.cache.frames, options.pictureStartUs);
    for (const frame of cached) this.#derivation.push(frame);
    const last = cached.at(-1);
    if (source.kind === "audio" && last !== undefined) {
      this.#liveFromUs = last.dtsUs - heldBackUs;
    }
    source.subscribe(this);
    if (this.#derivation.advance !== undefined) this.#advance = this.#nextAdvance();
  }

  lease(): TrackLease {
    this.#linger?.cancel();
    this.#linger = undefined;
    this.#leases++;
    let held = true;
    return {
      track: this.track,
      release: () => {
        if (!held) return;
        held = false;
        this.#leases--;
        if (this.#leases === 0 && !this.#ended) {
          this.#linger = this.#options.clock.after(this.#options.lingerMs, () =>
            this.end("UNUSED"),
          );
        }
      },
    };
  }

  /** Source side. */
  frame(frame: Frame): void;
  /** Transcoder side. */
  frame(frame: Frame, source?: Track): void {
    if (source !== undefined) this.#derivation.push(frame);
    else if (frame.dtsUs < this.#liveFromUs) this.#before.push(frame);
    else this.#deliver(frame);
  }

  info(info: TrackInfo, source?: Track): void {
    if (source === undefined) this.track.reconfigure(info);
    else this.#derivation.reconfigure(info);
  }

  ended(_source: Track, code: string): void {
    this.end(code);
  }

  failed(code: string, message: string): void {
    this.#options.log.warn({ track: this.track.id, code }, message);
    this.end(code);
  }

  /** May be called twice. */
  end(code: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#linger?.cancel();
    this.#advance?.cancel();
    this.#before = [];
    this.#options.source.unsubscribe(this);
    this.#derivation.close();
    this.track.end(code);
    this.#options.onEnd();
  }

  #deliver(frame: Frame): void {
    if (this.#before.length > 0) {
      const before = this.#before;
      this.#before = [];
      for (const kept of before) this.track.keep(kept);
    }
    this.#liveFromUs = Number.NEGATIVE_INFINITY;
    this.track.deliver(frame);
  }

  #nextAdvance(): Timer {
    return this.#options.clock.after(advanceMs, () => {
      this.#advance = this.#nextAdvance();
      const nowUs = this.#options.liveUs();
      if (nowUs !== undefined) this.#derivation.advance?.(nowUs);
    });
  }
}

function expectedInfo(source: TrackInfo, target: DerivedTarget): TrackInfo {
  const config = new Uint8Array(0);
  if (target.kind === "audio") {
    const { codec } = target;
    const mono = codec === "aac" && source.kind === "audio" && source.channels === 1;
    const codecString = codec === "aac" ? "mp4a.40.2" : "opus";
    return {
      kind: "audio",
      codec,
      config,
      codecString,
      sampleRate: 48_000,
      channels: mono ? 1 : 2,
    };
  }
  if (target.codec === "jpeg") {
    // How large pictures become is the transcoder's choice.
    const size = { width: 0, height: 0 };
    return { kind: "video", codec: "jpeg", config, codecString: "jpeg", ...size, reorderDepth: 0 };
  }
  const size =
    source.kind === "video"
      ? { width: source.width, height: source.height }
      : { width: 0, height: 0 };
  return { kind: "video", codec: "h264", config, codecString: "avc1", ...size, reorderDepth: 0 };
}
