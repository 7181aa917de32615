import type { Codec, MediaKind } from "@millrace/media/frame";

/**
 * One access unit as the RTP payloads in which its publisher sent it, in order and without RTP headers.
 * It is handed out while it still arrives: `payloads` grows at its end until `complete`. Owned by its
 * source; the payload bytes never change and may be kept.
 */
export interface PacketFrame {
  /** Decoding can start here. True for every audio packet. */
  readonly key: boolean;
  /** False: no other frame is predicted from it, so a viewer may do without. */
  readonly reference: boolean;
  /** Presentation time on the stream's clock, integer microseconds; increases within an encoding. */
  readonly ptsUs: number;
  /** When its first packet came, on the stream's clock. */
  readonly arrivedUs: number;
  /**
   * Packets lost for good right before this frame, which a receiver should know of (sound: it conceals
   * them instead of taking the gap for silence). Always 0 for video, which continues at a key frame.
   */
  readonly lostBefore: number;
  /** At least one from the beginning. */
  readonly payloads: readonly Uint8Array[];
  readonly complete: boolean;
}

/** Somebody who forwards an encoding's packets. Called while a datagram of the publisher is handled. */
export interface PacketSink {
  /** A frame begins, with all payloads that are here by now. The one before it is complete or given up. */
  begun(frame: PacketFrame, encoding: PacketEncoding): void;
  /** The frame begun last has more payloads, or is complete now. */
  grown(frame: PacketFrame, encoding: PacketEncoding): void;
}

/** One encoding of a track: the only one, or one simulcast layer. */
export interface PacketEncoding {
  /** RFC 8851 restriction identifier; undefined without simulcast. */
  readonly rid: string | undefined;
  /** Pixels as last seen in a key frame; 0 while unknown. */
  readonly width: number;
  readonly height: number;
  /** Frames per second over the last two seconds; 0 while unknown. */
  readonly frameRate: number;
  /** Payload bits per second over the last two seconds. */
  readonly bitrateBps: number;
  /** Packets come now; a publisher short of bandwidth switches layers off. */
  readonly active: boolean;
  /** From the newest key frame on, oldest first; empty when there is none or it is too long ago. */
  readonly group: readonly PacketFrame[];
  /** A key frame is wanted soon. Requests of many viewers are merged and throttled. */
  requestKeyFrame(): void;
  subscribe(sink: PacketSink): void;
  unsubscribe(sink: PacketSink): void;
}

/** The RTP behind a track whose publisher speaks WebRTC. Outputs that speak it too forward this instead of frames. */
export interface PacketSource {
  readonly kind: MediaKind;
  readonly codec: Codec;
  /** H.264: profile_idc, constraint flags and level_idc as six hex digits, as negotiated. */
  readonly profileLevelId: string | undefined;
  /** Smallest first; audio has exactly one. Replaced, never changed in place. */
  readonly encodings: readonly PacketEncoding[];
  /** Tells when `encodings` is another list or one of them became active, inactive or another size. Returns how to stop. */
  observe(listener: () => void): () => void;
  /** Somebody needs frames too (`Publisher.frame`), or nobody any more. They begin with a key frame. */
  wantFrames(wanted: boolean): void;
}
