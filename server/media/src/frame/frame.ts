/**
 * One access unit of one track. Immutable and shared by everybody who receives it: neither the
 * frame nor its bytes may be changed after it was made.
 */
export interface Frame {
  /** Presentation time, integer microseconds. On a Stream: since that stream began. */
  readonly ptsUs: number;
  /** Decoding time, integer microseconds; never decreases within a track. Equals `ptsUs` without B-frames. */
  readonly dtsUs: number;
  /** Decoding can start here. True for every audio frame. */
  readonly key: boolean;
  /**
   * H.264 and H.265: the NAL units in order, without start codes or lengths, and without the
   * parameter sets that stand in the track's `config`. Every other codec: exactly one element
   * (AAC a raw access unit, Opus one packet).
   */
  readonly payload: readonly Uint8Array[];
}

/** The number of payload bytes, without any framing. */
export function frameSizeBytes(frame: Frame): number {
  let size = 0;
  for (const part of frame.payload) size += part.byteLength;
  return size;
}
