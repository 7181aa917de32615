import type { AudioCodec, VideoCodec } from "./codec.ts";

/** What a decoder must know before the first frame of a video track. Immutable. */
export interface VideoTrackInfo {
  readonly kind: "video";
  readonly codec: VideoCodec;
  /** Decoder configuration record: avcC, hvcC, av1C or vpcC contents; empty where the codec has none. */
  readonly config: Uint8Array;
  /** RFC 6381 codec string, such as `avc1.42e01f`. */
  readonly codecString: string;
  /** Display size in pixels after cropping; 0 while unknown. */
  readonly width: number;
  readonly height: number;
  /**
   * How many frames the decoder may have to hold back to put them in order: 0 means that there are
   * no B-frames; undefined when the bit stream does not say.
   */
  readonly reorderDepth: number | undefined;
}

/** What a decoder must know before the first frame of an audio track. Immutable. */
export interface AudioTrackInfo {
  readonly kind: "audio";
  readonly codec: AudioCodec;
  /** AAC: AudioSpecificConfig (ISO/IEC 14496-3). Opus: identification header (RFC 7845 section 5.1). Otherwise empty. */
  readonly config: Uint8Array;
  /** RFC 6381 codec string, such as `mp4a.40.2` or `opus`. */
  readonly codecString: string;
  /** Samples per second of the decoded sound. */
  readonly sampleRate: number;
  readonly channels: number;
}

export type TrackInfo = VideoTrackInfo | AudioTrackInfo;
