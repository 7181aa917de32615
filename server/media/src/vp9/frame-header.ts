import { BitReader } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";

/** VP9 Bitstream & Decoding Process Specification v0.6, section 7.2.2. */
export interface Vp9Color {
  /** 8, 10 or 12. */
  readonly bitDepth: number;
  /** color_space, 0 to 7. */
  readonly colorSpace: number;
  readonly fullRange: boolean;
  readonly subsamplingX: boolean;
  readonly subsamplingY: boolean;
}

/** The beginning of a frame's uncompressed header. */
export interface Vp9FrameHeader {
  /** 0 to 3. */
  readonly profile: number;
  readonly key: boolean;
  /** False: decoded but not displayed. */
  readonly shown: boolean;
  /** False only when the frame changes nothing that a later frame needs: it may be left out. */
  readonly reference: boolean;
  /** Frame size in pixels; 0 in frames that are no key frames. */
  readonly width: number;
  readonly height: number;
  /** Undefined in frames that are no key frames. */
  readonly color: Vp9Color | undefined;
}

const frameMarker = 2;
const syncCode = 0x49_83_42;
const colorSpaceRgb = 7;

/**
 * VP9 Bitstream & Decoding Process Specification v0.6, section 6.2, up to the frame size. Takes the
 * beginning of a frame; the rest may be missing. A frame that only shows a stored one
 * (show_existing_frame) is no key frame; the next frame may predict otherwise after it.
 * @throws ProtocolError VP9_FRAME_INVALID, BITS_EXHAUSTED
 */
export function parseVp9FrameHeader(frame: Uint8Array): Vp9FrameHeader {
  const bits = new BitReader(frame);
  if (bits.bits(2) !== frameMarker) throw invalid("no frame marker");
  const profile = bits.bit() + bits.bit() * 2;
  if (profile === 3 && bits.flag()) throw invalid("reserved profile");
  const inter = { profile, key: false, width: 0, height: 0, color: undefined } as const;
  if (bits.flag()) return { ...inter, shown: true, reference: true };
  const key = !bits.flag();
  const shown = bits.flag();
  const errorResilient = bits.flag();
  if (!key) return { ...inter, shown, reference: isNeeded(bits, shown, errorResilient) };
  if (bits.bits(24) !== syncCode) throw invalid("no sync code");
  const color = parseColor(bits, profile);
  const width = bits.bits(16) + 1;
  const height = bits.bits(16) + 1;
  return { profile, key, shown, reference: true, width, height, color };
}

const plainInterMask = 0b1100_1101;
/** frame_marker 2, show_existing_frame 0, frame_type 1, error_resilient_mode 0. */
const plainInterBits = 0b1000_0100;
const profileBits = 0b0011_0000;

/**
 * Whether a frame is one like most: neither key nor error resilient nor a stored one shown again. Told by its
 * first byte, so it costs nothing; profile 3 has its fields elsewhere and is never such a frame.
 */
export function isPlainVp9Inter(firstByte: number): boolean {
  return (
    (firstByte & plainInterMask) === plainInterBits && (firstByte & profileBits) !== profileBits
  );
}

/**
 * Whether later frames depend on this one. Even a frame that refreshes no reference leaves probabilities
 * and motion vectors behind, unless the stream is error resilient, which encoders say in every frame of it.
 */
function isNeeded(bits: BitReader, shown: boolean, errorResilient: boolean): boolean {
  if (!errorResilient) return true;
  const intraOnly = !shown && bits.flag();
  if (intraOnly) return true;
  return bits.bits(8) !== 0;
}

/** Section 6.2.2. */
function parseColor(bits: BitReader, profile: number): Vp9Color {
  const isDeep = profile >= 2;
  const bitDepth = isDeep ? (bits.flag() ? 12 : 10) : 8;
  const colorSpace = bits.bits(3);
  const choosesSubsampling = (profile & 1) === 1;
  if (colorSpace === colorSpaceRgb) {
    if (!choosesSubsampling) throw invalid("RGB in a profile of 4:2:0");
    if (bits.flag()) throw invalid("reserved bit");
    return { bitDepth, colorSpace, fullRange: true, subsamplingX: false, subsamplingY: false };
  }
  const fullRange = bits.flag();
  if (!choosesSubsampling) {
    return { bitDepth, colorSpace, fullRange, subsamplingX: true, subsamplingY: true };
  }
  const subsamplingX = bits.flag();
  const subsamplingY = bits.flag();
  if (bits.flag()) throw invalid("reserved bit");
  return { bitDepth, colorSpace, fullRange, subsamplingX, subsamplingY };
}

function invalid(message: string): ProtocolError {
  return new ProtocolError("VP9_FRAME_INVALID", `VP9 frame header: ${message}`);
}
