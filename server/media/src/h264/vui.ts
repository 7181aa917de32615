import type { BitReader } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";

/** A ratio of two positive integers. */
export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

/** ITU-T H.264 annex E, as far as a gateway needs it. */
export interface Vui {
  /** Width to height of one sample; undefined when unspecified. */
  readonly sampleAspectRatio: Ratio | undefined;
  /** Frames per second; undefined when there is no timing information. */
  readonly frameRate: Ratio | undefined;
  /** Whether every frame lasts exactly one period of `frameRate`. */
  readonly fixedFrameRate: boolean;
  /** max_num_reorder_frames, 0 to 16; undefined when there is no bitstream restriction. */
  readonly maxReorderFrames: number | undefined;
  /** max_dec_frame_buffering, 0 to 16; undefined when there is no bitstream restriction. */
  readonly maxDecodedFrames: number | undefined;
}

const extendedSar = 255;
const maxCpbCount = 32;
const maxDpbFrames = 16;

/** ITU-T H.264 table E-1; index is aspect_ratio_idc. */
const sampleAspectRatios: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];

/**
 * ITU-T H.264 section E.1.1. Reads from the first bit after vui_parameters_present_flag. What is
 * cut off or impossible makes the whole VUI undefined: encoders exist that write a broken one, and
 * a decoder needs none of it.
 */
export function parseVui(bits: BitReader): Vui | undefined {
  try {
    return readVui(bits);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function readVui(bits: BitReader): Vui {
  const sampleAspectRatio = bits.flag() ? readSampleAspectRatio(bits) : undefined;
  if (bits.flag()) bits.skip(1); // overscan_info_present_flag, overscan_appropriate_flag
  if (bits.flag()) {
    bits.skip(3 + 1); // video_format, video_full_range_flag
    if (bits.flag()) bits.skip(8 + 8 + 8); // colour description
  }
  if (bits.flag()) {
    bits.ue(); // chroma_sample_loc_type_top_field
    bits.ue(); // chroma_sample_loc_type_bottom_field
  }
  let frameRate: Ratio | undefined;
  let fixedFrameRate = false;
  if (bits.flag()) {
    const unitsInTick = bits.bits(32);
    const timeScale = bits.bits(32);
    fixedFrameRate = bits.flag();
    // A tick is the time of a field, so a frame takes two.
    if (unitsInTick > 0 && timeScale > 0) frameRate = reduced(timeScale, unitsInTick * 2);
  }
  const nalHrd = bits.flag();
  if (nalHrd) skipHrd(bits);
  const vclHrd = bits.flag();
  if (vclHrd) skipHrd(bits);
  if (nalHrd || vclHrd) bits.skip(1); // low_delay_hrd_flag
  bits.skip(1); // pic_struct_present_flag
  let maxReorderFrames: number | undefined;
  let maxDecodedFrames: number | undefined;
  if (bits.flag()) {
    bits.skip(1); // motion_vectors_over_pic_boundaries_flag
    for (let i = 0; i < 4; i += 1) bits.ue();
    const reorder = bits.ue();
    const decoded = bits.ue();
    if (reorder > decoded || decoded > maxDpbFrames) {
      throw new ProtocolError("H264_VUI_INVALID", `reorder ${reorder} of ${decoded} frames`);
    }
    maxReorderFrames = reorder;
    maxDecodedFrames = decoded;
  }
  return { sampleAspectRatio, frameRate, fixedFrameRate, maxReorderFrames, maxDecodedFrames };
}

function readSampleAspectRatio(bits: BitReader): Ratio | undefined {
  const id = bits.bits(8);
  const [width, height] =
    id === extendedSar ? [bits.bits(16), bits.bits(16)] : (sampleAspectRatios[id] ?? [0, 0]);
  return width > 0 && height > 0 ? { numerator: width, denominator: height } : undefined;
}

/** ITU-T H.264 section E.1.2. */
function skipHrd(bits: BitReader): void {
  const count = bits.ue() + 1;
  if (count > maxCpbCount) throw new ProtocolError("H264_VUI_INVALID", `cpb_cnt ${count}`);
  bits.skip(4 + 4); // bit_rate_scale, cpb_size_scale
  for (let i = 0; i < count; i += 1) {
    bits.ue(); // bit_rate_value_minus1
    bits.ue(); // cpb_size_value_minus1
    bits.skip(1); // cbr_flag
  }
  bits.skip(5 + 5 + 5 + 5); // delay lengths, time_offset_length
}

function reduced(numerator: number, denominator: number): Ratio {
  let a = numerator;
  let b = denominator;
  while (b > 0) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}
