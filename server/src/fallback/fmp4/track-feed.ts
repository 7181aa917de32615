import { isFmp4Ready } from "@millrace/media/fmp4";
import type { Frame, MediaKind, TrackInfo } from "@millrace/media/frame";
import type { FrameSink, Track } from "../../core/index.ts";

/** Whoever is fed with a track's frames. */
export interface FeedOwner {
  frame(kind: MediaKind, frame: Frame): void;
  feedEnded(kind: MediaKind, code: string): void;
}

/** One kind of frames, from the track they are taken from at present. */
export class TrackFeed implements FrameSink {
  readonly kind: MediaKind;
  readonly track: Track;
  readonly #owner: FeedOwner;
  /** When the newest frame is shown; undefined before the first. Microseconds. */
  lastUs: number | undefined;

  constructor(kind: MediaKind, track: Track, owner: FeedOwner) {
    this.kind = kind;
    this.track = track;
    this.#owner = owner;
    this.lastUs = track.cache.frames.at(-1)?.ptsUs;
  }

  get trackInfo(): TrackInfo {
    return this.track.info;
  }

  /** The configuration is known and frames have come. */
  get isReady(): boolean {
    if (!isFmp4Ready(this.trackInfo)) return false;
    return this.kind === "video" ? this.track.cache.frames.length > 0 : this.lastUs !== undefined;
  }

  open(): void {
    this.track.subscribe(this);
  }

  frame(frame: Frame): void {
    this.lastUs = frame.ptsUs;
    this.#owner.frame(this.kind, frame);
  }

  ended(_track: Track, code: string): void {
    this.#owner.feedEnded(this.kind, code);
  }

  /** May be called twice. */
  close(): void {
    this.track.unsubscribe(this);
  }
}
