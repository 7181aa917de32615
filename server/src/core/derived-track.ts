import type { Frame, TrackInfo } from "@millrace/media/frame";
import type { FrameCacheLimits } from "./frame-cache.ts";
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
  /** Called once when the derived track is gone. */
  onEnd(): void;
}

/**
 * Feeds a source track to a transcoder while somebody holds a lease, and hands out the result as a
 * track. It starts with the cached group of pictures, so that a late viewer of it starts at once too.
 */
export class DerivedTrack implements FrameSink, DerivedSink {
  readonly track: Track;
  readonly #options: DerivedTrackOptions;
  readonly #derivation: Derivation;
  #leases = 0;
  #linger: Timer | undefined;
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
    if (source.kind === "video") {
      for (const frame of source.cache.frames) this.#derivation.push(frame);
    }
    source.subscribe(this);
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
    if (source === undefined) this.track.deliver(frame);
    else this.#derivation.push(frame);
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
    this.#options.source.unsubscribe(this);
    this.#derivation.close();
    this.track.end(code);
    this.#options.onEnd();
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
