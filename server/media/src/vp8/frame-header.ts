/** What the uncompressed first bytes of a VP8 frame say. */
export interface Vp8FrameHeader {
  readonly key: boolean;
  /** False: decoded but not displayed, such as an alternate reference frame. */
  readonly shown: boolean;
  /** Bytes of the first partition, which holds the modes and motion vectors. */
  readonly firstPartitionBytes: number;
  /** Frame size in pixels without scaling; 0 in frames that are no key frames. */
  readonly width: number;
  readonly height: number;
}

export const vp8FrameTagBytes = 3;
/** Frame tag, start code, width and height. */
export const vp8KeyHeaderBytes = 10;

const interFrameBit = 0x01;
const shownBit = 0x10;
const startCode = [0x9d, 0x01, 0x2a] as const;
/** The two highest bits of width and height say how to scale up the picture for display. */
const sizeMask = 0x3fff;

/**
 * RFC 6386 section 9.1. Undefined for a frame that is cut off within its header, for a key frame without
 * its start code, and for one without pixels. Takes the beginning of a frame; the rest may be missing.
 */
export function parseVp8FrameHeader(frame: Uint8Array): Vp8FrameHeader | undefined {
  const [first, second, third] = frame;
  if (first === undefined || second === undefined || third === undefined) return undefined;
  const key = (first & interFrameBit) === 0;
  const shown = (first & shownBit) !== 0;
  const firstPartitionBytes = (first >>> 5) | (second << 3) | (third << 11);
  if (!key) return { key, shown, firstPartitionBytes, width: 0, height: 0 };
  if (frame.byteLength < vp8KeyHeaderBytes) return undefined;
  for (const [i, byte] of startCode.entries()) {
    if (frame[vp8FrameTagBytes + i] !== byte) return undefined;
  }
  const width = littleEndian16(frame, 6) & sizeMask;
  const height = littleEndian16(frame, 8) & sizeMask;
  if (width === 0 || height === 0) return undefined;
  return { key, shown, firstPartitionBytes, width, height };
}

function littleEndian16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] as number) | ((bytes[offset + 1] as number) << 8);
}
