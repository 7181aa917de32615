import type { Frame, MediaKind, TrackInfo } from "../frame/index.ts";
import { type DemuxedItem, FlvDemuxer } from "./demuxer.ts";
import { TagType } from "./tag.ts";

/** Who takes what the tags of one publisher mean. */
export interface TagTarget {
  setTrack(info: TrackInfo): void;
  removeTrack(kind: MediaKind): void;
  frame(kind: MediaKind, frame: Frame): void;
  /** Advice for the publisher. `code` is a stable string. */
  hint(code: string, message: string): void;
  /** What the publisher calls itself; untrusted. */
  setEncoder?(name: string): void;
}

/** How many frames were handed on, by kind. */
export interface FedFrames {
  readonly video: number;
  readonly audio: number;
}

/** Feeds one target with the tags of one publisher, whatever carries them: RTMP, TCP or HTTP. */
export class TagFeed {
  readonly #target: TagTarget;
  readonly #demuxer = new FlvDemuxer();
  readonly #frames = { video: 0, audio: 0 };

  constructor(target: TagTarget) {
    this.#target = target;
  }

  /** Frames that came before the configuration of their track. */
  get droppedFrames(): number {
    return this.#demuxer.droppedFrames;
  }

  get frames(): FedFrames {
    return this.#frames;
  }

  /** Takes one tag and keeps its body. @throws ProtocolError when the tag is not what it says. */
  tag(tagType: number, timestampMs: number, body: Uint8Array): void {
    for (const item of this.#demuxer.tag(tagType, timestampMs, body)) this.#take(item);
    if (tagType !== TagType.script) return;
    const encoder = this.#demuxer.metadata?.encoder;
    if (encoder !== undefined) this.#target.setEncoder?.(encoder);
  }

  #take(item: DemuxedItem): void {
    switch (item.type) {
      case "frame":
        this.#frames[item.kind]++;
        this.#target.frame(item.kind, item.frame);
        break;
      case "track":
        this.#target.setTrack(item.info);
        break;
      case "end":
        // A new configuration may follow, and the end of the whole is told by the connection.
        break;
      case "unsupported":
        this.#target.removeTrack(item.kind);
        this.#target.hint(...unsupportedHint(item.kind, item.codec));
        break;
      case "extra-track":
        this.#target.hint(
          "MULTITRACK_IGNORED",
          `One ${item.kind} track is used, the first: track ${item.trackId} is left out.`,
        );
        break;
    }
  }
}

function unsupportedHint(kind: MediaKind, codec: string): [code: string, message: string] {
  const name = JSON.stringify(codec);
  return kind === "video"
    ? ["VIDEO_CODEC_UNSUPPORTED", `The video codec ${name} has no place here: use H.264.`]
    : ["AUDIO_CODEC_UNSUPPORTED", `The audio codec ${name} has no place here: use AAC.`];
}
