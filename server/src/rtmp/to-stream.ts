import { type DemuxedItem, FlvDemuxer } from "@millrace/media/flv";
import type { Publisher } from "../core/publisher.ts";

/** Feeds a core publisher with the tags of one RTMP publisher. */
export class RtmpIngest {
  readonly #publisher: Publisher;
  readonly #demuxer = new FlvDemuxer();

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
  }

  /** Frames that came before the configuration of their track. */
  get droppedFrames(): number {
    return this.#demuxer.droppedFrames;
  }

  /** Takes one tag and keeps its body. @throws ProtocolError when the tag is not what it says. */
  tag(tagType: number, timestampMs: number, body: Uint8Array): void {
    for (const item of this.#demuxer.tag(tagType, timestampMs, body)) this.#take(item);
  }

  #take(item: DemuxedItem): void {
    switch (item.type) {
      case "frame":
        this.#publisher.frame(item.kind, item.frame);
        break;
      case "track":
        this.#publisher.setTrack(item.info);
        break;
      case "end":
        // The track stays: what follows is a new configuration or the end of the whole.
        break;
      case "unsupported":
        this.#publisher.removeTrack(item.kind);
        this.#publisher.hint(
          item.kind === "video" ? "VIDEO_CODEC_UNSUPPORTED" : "AUDIO_CODEC_UNSUPPORTED",
          `The ${item.kind} codec ${JSON.stringify(item.codec)} is not supported: use ${item.kind === "video" ? "H.264" : "AAC"}.`,
        );
        break;
      case "extra-track":
        this.#publisher.hint(
          "MULTITRACK_IGNORED",
          `Of several ${item.kind} tracks only the first is used: track ${item.trackId} is ignored.`,
        );
        break;
    }
  }
}
