import type { MediaKind, TrackInfo } from "@millrace/media/frame";
import {
  type DerivedTarget,
  type FrameSink,
  RefusedError,
  type Stream,
  type Track,
  type TrackLease,
} from "../../core/index.ts";

/** `native`: sound as the publisher sends it. `aac`: sound that every FLV player takes. */
export type FlvSound = "native" | "aac";

interface Source {
  /** The publisher's track. */
  readonly origin: Track;
  readonly target: DerivedTarget | undefined;
  /** What frames are taken from: the publisher's track or the one made from it. */
  readonly track: Track | undefined;
  readonly lease: TrackLease | undefined;
  readonly refusal: RefusedError | undefined;
}

const kinds = ["video", "audio"] as const;

/** The tracks that go into a stream's FLV: the publisher's own, or derived where players could not take those. */
export class Sources {
  readonly #stream: Stream;
  readonly #sound: FlvSound;
  readonly #sink: FrameSink;
  readonly #sources = new Map<MediaKind, Source>();

  /** `sink` takes the frames of all of them. */
  constructor(stream: Stream, sound: FlvSound, sink: FrameSink) {
    this.#stream = stream;
    this.#sound = sound;
    this.#sink = sink;
  }

  /** The tracks that there are, video first. */
  get tracks(): readonly Track[] {
    return kinds.flatMap((kind) => this.#sources.get(kind)?.track ?? []);
  }

  /** Why there is nothing to play; undefined while there is something, or nothing was announced. */
  get refusal(): RefusedError | undefined {
    if (this.tracks.length > 0) return undefined;
    return this.#sources.get("video")?.refusal ?? this.#sources.get("audio")?.refusal;
  }

  /** Kinds of tracks that the publisher announced, whether or not they can be had. */
  get announced(): number {
    return this.#sources.size;
  }

  has(track: Track): boolean {
    return this.#sources.get(track.kind)?.track === track;
  }

  hasVideo(): boolean {
    return this.#sources.get("video")?.track !== undefined;
  }

  /** Sound is being made of what was cached, and nothing of it is there. */
  get awaitsSound(): boolean {
    const audio = this.#sources.get("audio");
    if (audio?.lease === undefined || audio.origin.cache.frames.length === 0) return false;
    return audio.track?.cache.frames.length === 0;
  }

  /** Takes what the stream has now; `again` also asks for what was refused before. Returns the tracks that are new. */
  follow(again: boolean): readonly Track[] {
    return kinds.flatMap((kind) => {
      const present = this.#sources.get(kind);
      const origin = this.#stream.track(kind);
      const target = origin === undefined ? undefined : targetOf(origin.info, this.#sound);
      const same = present?.origin === origin && present?.target?.codec === target?.codec;
      if (same && !(again && present?.refusal !== undefined)) return [];
      this.#release(kind);
      if (origin === undefined) return [];
      const source = this.#take(origin, target);
      this.#sources.set(kind, source);
      source.track?.subscribe(this.#sink);
      return source.track !== undefined && source.track !== present?.track ? [source.track] : [];
    });
  }

  /** A track ended by itself: it counts as refused until `follow`. */
  ended(track: Track, code: string): void {
    const source = this.#sources.get(track.kind);
    if (source?.track !== track) return;
    source.lease?.release();
    const refusal = new RefusedError(code, 503, `The ${track.kind} cannot be had now.`);
    this.#sources.set(track.kind, { ...source, track: undefined, lease: undefined, refusal });
  }

  /** May be called twice. */
  close(): void {
    for (const kind of kinds) this.#release(kind);
  }

  #take(origin: Track, target: DerivedTarget | undefined): Source {
    const source = { origin, target, track: origin, lease: undefined, refusal: undefined };
    if (target === undefined) return source;
    try {
      const lease = this.#stream.acquire(target);
      return { ...source, track: lease.track, lease };
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (isClassic(origin.info)) return source;
      return { ...source, track: undefined, refusal: error };
    }
  }

  #release(kind: MediaKind): void {
    const source = this.#sources.get(kind);
    if (source === undefined) return;
    this.#sources.delete(kind);
    source.track?.unsubscribe(this.#sink);
    source.lease?.release();
  }
}

/** What a track has to be made into for players of FLV; undefined when they take it as it is. */
export function targetOf(info: TrackInfo, sound: FlvSound): DerivedTarget | undefined {
  if (info.kind === "video") {
    return info.codec === "vp8" ? { kind: "video", codec: "h264", reorder: false } : undefined;
  }
  if (sound === "native" || info.codec === "aac" || info.codec === "mp3") return undefined;
  return { kind: "audio", codec: "aac" };
}

/** FLV had it long before FourCCs: old players take it, and it is better than silence. */
function isClassic(info: TrackInfo): boolean {
  return info.codec === "g711a" || info.codec === "g711u" || info.codec === "speex";
}
