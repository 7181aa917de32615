import { audioTrackInfoFromAsc } from "../aac/index.ts";
import type { AudioCodec, AudioTrackInfo, Frame, MediaKind, TrackInfo } from "../frame/index.ts";
import { videoTrackInfoFromAvcC } from "../h264/index.ts";
import { type AudioPacket, parseAudioTag, type SoundHeader } from "./audio-tag.ts";
import { opusInfo, otherVideoInfo, plainAudioInfo } from "./codec-info.ts";
import { type Metadata, parseMetadata } from "./metadata.ts";
import { NalReader } from "./nal-reader.ts";
import { TagType } from "./tag.ts";
import { TimestampUnwrapper } from "./unwrap.ts";
import { parseVideoTag, type VideoPacket } from "./video-tag.ts";

/** What tags mean to a stream. */
export type DemuxedItem =
  /** A new track or a new configuration of one; frames after it belong to it. */
  | { readonly type: "track"; readonly info: TrackInfo }
  /** Times are the publisher's, in integer microseconds, without the 32-bit wrap. */
  | { readonly type: "frame"; readonly kind: MediaKind; readonly frame: Frame }
  /** The publisher says that this kind ends; a new configuration may follow. */
  | { readonly type: "end"; readonly kind: MediaKind }
  /** A codec that has no place here, told once per codec. Its frames are ignored. */
  | { readonly type: "unsupported"; readonly kind: MediaKind; readonly codec: string }
  /** Enhanced RTMP multitrack: a further track, told once per track. Its frames are ignored. */
  | { readonly type: "extra-track"; readonly kind: MediaKind; readonly trackId: number };

/** Codec names and track numbers that are remembered so as to be told once. */
const maxTold = 32;

/**
 * Turns tag bodies of one publisher into track configurations and frames, for RTMP and FLV alike.
 * Frames keep the bodies that they came in.
 */
export class FlvDemuxer {
  readonly #clock = new TimestampUnwrapper();
  readonly #told = new Set<string>();
  #metadata: Metadata | undefined;
  #video: NalReader | undefined;
  #videoInfo: TrackInfo | undefined;
  #audioInfo: TrackInfo | undefined;
  readonly #trackIds: { video: number | undefined; audio: number | undefined } = {
    video: undefined,
    audio: undefined,
  };
  #items: DemuxedItem[] = [];
  /** Frames that came before the configuration of their track. */
  droppedFrames = 0;

  /** What the publisher said about itself last. */
  get metadata(): Metadata | undefined {
    return this.#metadata;
  }

  /**
   * Takes one tag; `type` is one of `TagType`, `timestampMs` wraps at 2^32. Bad script data is ignored.
   * @throws ProtocolError with the codes of tag bodies, of `splitAvcc` and of decoder configurations.
   */
  tag(type: number, timestampMs: number, body: Uint8Array): readonly DemuxedItem[] {
    this.#items = [];
    if (type === TagType.script) {
      this.#metadata = parseMetadata(body) ?? this.#metadata;
      return this.#items;
    }
    const timeMs = this.#clock.unwrap(timestampMs);
    if (type === TagType.video) {
      for (const packet of parseVideoTag(body)) this.#videoPacket(packet, timeMs);
    } else if (type === TagType.audio) {
      for (const packet of parseAudioTag(body)) this.#audioPacket(packet, timeMs);
    }
    return this.#items;
  }

  #videoPacket(packet: VideoPacket, timeMs: number): void {
    if (packet.type === "command" || packet.type === "metadata") return;
    if (packet.type === "unsupported") {
      this.#tell("video", packet.codec);
      return;
    }
    if (!this.#isMain("video", packet.trackId, packet.type === "config")) return;
    switch (packet.type) {
      case "config":
        if (packet.data.length > 0) this.#videoConfig(packet.codec, packet.data);
        break;
      case "end":
        this.#items.push({ type: "end", kind: "video" });
        break;
      case "frame":
        this.#videoFrame(packet, timeMs);
        break;
    }
  }

  #videoConfig(codec: Extract<VideoPacket, { type: "config" }>["codec"], data: Uint8Array): void {
    const plain = codec === "h264" ? videoTrackInfoFromAvcC(data) : otherVideoInfo(codec, data);
    const { width = 0, height = 0 } = this.#metadata ?? {};
    const info = plain.width === 0 ? { ...plain, width, height } : plain;
    this.#video = new NalReader(codec, data);
    if (this.#videoInfo !== undefined && sameConfig(this.#videoInfo, info)) return;
    this.#videoInfo = info;
    this.#items.push({ type: "track", info });
  }

  #videoFrame(packet: Extract<VideoPacket, { type: "frame" }>, timeMs: number): void {
    if (packet.codec === "vp8" && this.#videoInfo === undefined) {
      // The only codec here whose frames need no configuration, so encoders may leave it out.
      this.#videoConfig("vp8", emptyConfig);
    }
    const reader = this.#video;
    if (reader === undefined || this.#videoInfo?.codec !== packet.codec) {
      this.droppedFrames++;
      return;
    }
    const unit = reader.read(packet.data);
    if (unit.payload.length === 0) return;
    const dtsUs = timeMs * 1000;
    const ptsUs = dtsUs + packet.compositionMs * 1000 + Math.floor(packet.nanoOffset / 1000);
    const key = packet.key || unit.hasIdr;
    const frame = { dtsUs, ptsUs, key, payload: unit.payload };
    this.#items.push({ type: "frame", kind: "video", frame });
  }

  #audioPacket(packet: AudioPacket, timeMs: number): void {
    if (packet.type === "unsupported") {
      this.#tell("audio", packet.codec);
      return;
    }
    if (packet.type === "channels") return;
    if (!this.#isMain("audio", packet.trackId, packet.type === "config")) return;
    switch (packet.type) {
      case "config":
        this.#audioConfig(packet.codec, packet.data);
        break;
      case "end":
        this.#items.push({ type: "end", kind: "audio" });
        break;
      case "frame":
        this.#audioFrame(packet, timeMs);
        break;
    }
  }

  #audioConfig(codec: AudioCodec, data: Uint8Array): void {
    // ffmpeg sends an empty one when its encoder has none yet.
    if (data.length === 0) return;
    if (codec === "aac") this.#setAudio(audioTrackInfoFromAsc(data));
    if (codec === "opus") this.#setAudio(opusInfo(data));
  }

  #audioFrame(packet: Extract<AudioPacket, { type: "frame" }>, timeMs: number): void {
    const { codec, data } = packet;
    if (data.length === 0) return;
    if (codec !== "aac" && codec !== "opus") this.#plainAudio(codec, data, packet.sound);
    if (this.#audioInfo?.codec !== codec) {
      this.droppedFrames++;
      return;
    }
    const dtsUs = timeMs * 1000 + Math.floor(packet.nanoOffset / 1000);
    const frame: Frame = { dtsUs, ptsUs: dtsUs, key: true, payload: [data] };
    this.#items.push({ type: "frame", kind: "audio", frame });
  }

  #plainAudio(codec: AudioCodec, data: Uint8Array, sound: SoundHeader | undefined): void {
    this.#setAudio(plainAudioInfo(codec, data, sound));
  }

  #setAudio(info: AudioTrackInfo | undefined): void {
    if (info === undefined) return;
    if (this.#audioInfo !== undefined && sameConfig(this.#audioInfo, info)) return;
    this.#audioInfo = info;
    this.#items.push({ type: "track", info });
  }

  /** The track with the lowest number that was configured is the one; Enhanced RTMP v2 recommends 0. */
  #isMain(kind: MediaKind, trackId: number, isConfig: boolean): boolean {
    const main = this.#trackIds[kind];
    if (main === undefined || (isConfig && trackId < main)) {
      this.#trackIds[kind] = trackId;
      return true;
    }
    if (trackId === main) return true;
    if (this.#isNew(`${kind}/${trackId}`)) {
      this.#items.push({ type: "extra-track", kind, trackId });
    }
    return false;
  }

  #tell(kind: MediaKind, codec: string): void {
    if (this.#isNew(`${kind}:${codec}`)) this.#items.push({ type: "unsupported", kind, codec });
  }

  #isNew(name: string): boolean {
    if (this.#told.has(name) || this.#told.size >= maxTold) return false;
    this.#told.add(name);
    return true;
  }
}

const emptyConfig = new Uint8Array(0);

function sameConfig(a: TrackInfo, b: TrackInfo): boolean {
  if (a.codec !== b.codec || a.config.length !== b.config.length) return false;
  if (a.kind === "audio" && b.kind === "audio") {
    if (a.sampleRate !== b.sampleRate || a.channels !== b.channels) return false;
  }
  return a.config.every((byte, index) => byte === b.config[index]);
}
