import { BitReader } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";
import { NalType, nalType, removeEmulationPrevention } from "./nal.ts";
import { parseVui, type Vui } from "./vui.ts";

/** What a sequence parameter set says, as far as a gateway needs it. */
export interface Sps {
  /** profile_idc. */
  readonly profile: number;
  /** The byte of constraint_set flags, set 0 in the highest bit. */
  readonly constraints: number;
  /** level_idc: ten times the level. */
  readonly level: number;
  /** seq_parameter_set_id, 0 to 31. */
  readonly id: number;
  /** chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** pic_order_cnt_type, 0 to 2; with 2 the output order is the decoding order. */
  readonly pictureOrderType: number;
  readonly maxReferenceFrames: number;
  /** False when pictures may be coded as fields. */
  readonly frameMbsOnly: boolean;
  /** Frame size in pixels after cropping. */
  readonly width: number;
  readonly height: number;
  /** Frame size in pixels before cropping, a multiple of 16. */
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Undefined when there is none or when it breaks off, as some encoders write it. */
  readonly vui: Vui | undefined;
  /** See VideoTrackInfo.reorderDepth. */
  readonly reorderDepth: number | undefined;
}

/** The longest sequence parameter set that is read. Real ones have 10 to 300 bytes. */
export const maxSpsBytes = 4096;
/** The longest side of a coded frame. Level 6.2 ends at 16,880. */
export const maxFrameSidePx = 16_896;

const macroblock = 16;
const profileBaseline = 66;
const constraintSet3 = 0x10;
const maxSpsId = 31;
const maxBitDepth = 14;
const maxLog2 = 16;
const maxReferenceFrames = 16;
const maxPictureOrderCycle = 255;
const chroma444 = 3;

/** ITU-T H.264 section 7.3.2.1.1: the profiles whose parameter set has chroma format and scaling lists. */
const profilesWithChroma: ReadonlySet<number> = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
]);
/** ITU-T H.264 section E.2.1, max_num_reorder_frames: all-intra when constraint_set3_flag is set. */
const intraProfiles: ReadonlySet<number> = new Set([44, 86, 100, 110, 122, 244]);

/**
 * ITU-T H.264 section 7.3.2.1.1. Takes the whole NAL unit with its header byte and its emulation
 * prevention bytes.
 * @throws ProtocolError H264_SPS_TYPE, H264_SPS_TOO_LARGE, H264_SPS_INVALID, BITS_EXHAUSTED, BITS_EXP_GOLOMB
 */
export function parseSps(nal: Uint8Array): Sps {
  const type = nalType(nal);
  if (type !== NalType.sps) throw new ProtocolError("H264_SPS_TYPE", `NAL type ${type} is no SPS`);
  if (nal.byteLength > maxSpsBytes) {
    throw new ProtocolError("H264_SPS_TOO_LARGE", `SPS of ${nal.byteLength} bytes`);
  }
  const bits = new BitReader(removeEmulationPrevention(nal.subarray(1)));
  const profile = bits.bits(8);
  const constraints = bits.bits(8);
  const level = bits.bits(8);
  const id = limited(bits.ue(), maxSpsId, "seq_parameter_set_id");
  const chroma = profilesWithChroma.has(profile) ? readChroma(bits) : chroma420;
  limited(bits.ue() + 4, maxLog2, "log2_max_frame_num");
  const pictureOrderType = readPictureOrder(bits);
  const references = limited(bits.ue(), maxReferenceFrames, "max_num_ref_frames");
  bits.skip(1); // gaps_in_frame_num_value_allowed_flag
  const widthMbs = limited(bits.ue() + 1, maxFrameSidePx / macroblock, "width");
  const mapUnits = limited(bits.ue() + 1, maxFrameSidePx / macroblock, "height");
  const frameMbsOnly = bits.flag();
  if (!frameMbsOnly) bits.skip(1); // mb_adaptive_frame_field_flag
  bits.skip(1); // direct_8x8_inference_flag
  const heightMbs = limited(
    mapUnits * (frameMbsOnly ? 1 : 2),
    maxFrameSidePx / macroblock,
    "height",
  );
  const codedWidth = widthMbs * macroblock;
  const codedHeight = heightMbs * macroblock;
  const [cropX, cropY] = bits.flag() ? readCrop(bits, chroma, frameMbsOnly) : [0, 0];
  if (cropX >= codedWidth || cropY >= codedHeight) throw invalid("cropping leaves nothing");
  const vui = bits.flag() ? parseVui(bits) : undefined;
  return {
    profile,
    constraints,
    level,
    id,
    chromaFormat: chroma.format,
    bitDepthLuma: chroma.bitDepthLuma,
    bitDepthChroma: chroma.bitDepthChroma,
    pictureOrderType,
    maxReferenceFrames: references,
    frameMbsOnly,
    width: codedWidth - cropX,
    height: codedHeight - cropY,
    codedWidth,
    codedHeight,
    vui,
    reorderDepth: reorderDepth(profile, constraints, pictureOrderType, vui),
  };
}

interface Chroma {
  readonly format: number;
  readonly separatePlanes: boolean;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
}

const chroma420: Chroma = { format: 1, separatePlanes: false, bitDepthLuma: 8, bitDepthChroma: 8 };

function readChroma(bits: BitReader): Chroma {
  const format = limited(bits.ue(), chroma444, "chroma_format_idc");
  const separatePlanes = format === chroma444 && bits.flag();
  const bitDepthLuma = limited(bits.ue() + 8, maxBitDepth, "bit_depth_luma");
  const bitDepthChroma = limited(bits.ue() + 8, maxBitDepth, "bit_depth_chroma");
  bits.skip(1); // qpprime_y_zero_transform_bypass_flag
  if (bits.flag()) {
    const lists = format === chroma444 ? 12 : 8;
    for (let list = 0; list < lists; list += 1) {
      if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64);
    }
  }
  return { format, separatePlanes, bitDepthLuma, bitDepthChroma };
}

/** ITU-T H.264 section 7.3.2.1.1.1. */
function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  for (let i = 0; i < size; i += 1) {
    const next = (last + bits.se()) & 0xff;
    if (next === 0) return;
    last = next;
  }
}

function readPictureOrder(bits: BitReader): number {
  const type = limited(bits.ue(), 2, "pic_order_cnt_type");
  if (type === 0) limited(bits.ue() + 4, maxLog2, "log2_max_pic_order_cnt_lsb");
  if (type === 1) {
    bits.skip(1); // delta_pic_order_always_zero_flag
    bits.se(); // offset_for_non_ref_pic
    bits.se(); // offset_for_top_to_bottom_field
    const cycle = limited(bits.ue(), maxPictureOrderCycle, "num_ref_frames_in_pic_order_cnt_cycle");
    for (let i = 0; i < cycle; i += 1) bits.se();
  }
  return type;
}

/** ITU-T H.264 section 7.4.2.1.1, equations 7-19 to 7-22: pixels cut off in width and height. */
function readCrop(bits: BitReader, chroma: Chroma, frameMbsOnly: boolean): [number, number] {
  const sideways = bits.ue() + bits.ue();
  const upright = bits.ue() + bits.ue();
  const subsampled = chroma.separatePlanes ? 0 : chroma.format;
  const unitX = subsampled === 1 || subsampled === 2 ? 2 : 1;
  const unitY = (subsampled === 1 ? 2 : 1) * (frameMbsOnly ? 1 : 2);
  return [sideways * unitX, upright * unitY];
}

function reorderDepth(
  profile: number,
  constraints: number,
  pictureOrderType: number,
  vui: Vui | undefined,
): number | undefined {
  if (profile === profileBaseline || pictureOrderType === 2) return 0;
  if (vui?.maxReorderFrames !== undefined) return vui.maxReorderFrames;
  if (intraProfiles.has(profile) && (constraints & constraintSet3) !== 0) return 0;
  return undefined;
}

function limited(value: number, max: number, name: string): number {
  if (value > max) throw invalid(`${name} ${value} is above ${max}`);
  return value;
}

function invalid(message: string): ProtocolError {
  return new ProtocolError("H264_SPS_INVALID", message);
}
