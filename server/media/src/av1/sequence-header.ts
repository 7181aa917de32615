import { BitReader } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";
import { type Av1Color, parseAv1Color } from "./color.ts";

/** What a sequence header says, as far as a gateway needs it. */
export interface Av1SequenceHeader {
  /** seq_profile, 0 to 2. */
  readonly profile: number;
  /** seq_level_idx of the first operating point, 0 to 31. */
  readonly level: number;
  /** seq_tier of the first operating point: 0 Main, 1 High. */
  readonly tier: number;
  /** reduced_still_picture_header: every frame is a shown key frame without saying so. */
  readonly reducedStillPicture: boolean;
  /** Largest frame size in pixels. */
  readonly width: number;
  readonly height: number;
  readonly color: Av1Color;
}

/** The longest sequence header that is read. 32 operating points with all options have below 500 bytes. */
export const maxAv1SequenceHeaderBytes = 1024;

const maxProfile = 2;
/** seq_level_idx above this (level 3.3) are followed by a tier. */
const lastLevelWithoutTier = 7;
const screenContentChosenPerFrame = 2;

/**
 * AV1 Bitstream & Decoding Process Specification section 5.5. Takes the payload of the OBU.
 * @throws ProtocolError AV1_SEQUENCE_INVALID, BITS_EXHAUSTED, BITS_EXP_GOLOMB
 */
export function parseAv1SequenceHeader(payload: Uint8Array): Av1SequenceHeader {
  if (payload.byteLength > maxAv1SequenceHeaderBytes) {
    throw new ProtocolError("AV1_SEQUENCE_INVALID", `AV1 sequence of ${payload.byteLength} bytes`);
  }
  const bits = new BitReader(payload);
  const profile = bits.bits(3);
  if (profile > maxProfile) {
    throw new ProtocolError("AV1_SEQUENCE_INVALID", `AV1 profile ${profile}`);
  }
  bits.skip(1); // still_picture
  const reducedStillPicture = bits.flag();
  const { level, tier } = reducedStillPicture
    ? { level: bits.bits(5), tier: 0 }
    : readOperatingPoints(bits);
  const widthBits = bits.bits(4) + 1;
  const heightBits = bits.bits(4) + 1;
  const width = bits.bits(widthBits) + 1;
  const height = bits.bits(heightBits) + 1;
  if (!reducedStillPicture && bits.flag()) bits.skip(4 + 3); // frame identifiers
  bits.skip(3); // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!reducedStillPicture) skipTools(bits);
  bits.skip(3); // enable_superres, enable_cdef, enable_restoration
  const color = parseAv1Color(bits, profile);
  return { profile, level, tier, reducedStillPicture, width, height, color };
}

/** Section 5.5.1: timing and operating points, of which the first is the one with all layers. */
function readOperatingPoints(bits: BitReader): { level: number; tier: number } {
  let delayBits = 0;
  if (bits.flag()) {
    skipTiming(bits);
    if (bits.flag()) {
      delayBits = bits.bits(5) + 1;
      bits.skip(32 + 5 + 5); // num_units_in_decoding_tick and two lengths
    }
  }
  const hasDisplayDelay = bits.flag();
  const points = bits.bits(5) + 1;
  let first: { level: number; tier: number } | undefined;
  for (let i = 0; i < points; i += 1) {
    bits.skip(12); // operating_point_idc
    const level = bits.bits(5);
    const tier = level > lastLevelWithoutTier ? bits.bit() : 0;
    if (delayBits > 0 && bits.flag()) bits.skip(delayBits * 2 + 1);
    if (hasDisplayDelay && bits.flag()) bits.skip(4);
    first ??= { level, tier };
  }
  return first as { level: number; tier: number };
}

/** Section 5.5.3. Its uvlc is an unsigned exponential Golomb code. */
function skipTiming(bits: BitReader): void {
  bits.skip(32 + 32);
  if (bits.flag()) bits.ue();
}

/** Section 5.5.1, from enable_interintra_compound to order_hint_bits_minus_1. */
function skipTools(bits: BitReader): void {
  bits.skip(4);
  const hasOrderHint = bits.flag();
  if (hasOrderHint) bits.skip(2);
  const screenContent = bits.flag() ? screenContentChosenPerFrame : bits.bit();
  if (screenContent > 0 && !bits.flag()) bits.skip(1);
  if (hasOrderHint) bits.skip(3);
}
