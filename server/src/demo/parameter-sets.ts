import { BitWriter } from "@millrace/media/bits";
import type { VideoTrackInfo } from "@millrace/media/frame";
import {
  insertEmulationPrevention,
  NalType,
  videoTrackInfoFromAvcC,
  writeAvcC,
} from "@millrace/media/h264";

/** Width of frame_num in slice headers; log2_max_frame_num_minus4 is 4 less. */
export const frameNumBits = 8;

const profileBaseline = 66;
/** constraint_set0, 1 and 2: constrained baseline, which browsers offer as 42e0. */
const constraints = 0xe0;
/** Level 3.1: 108,000 macroblocks per second, which is 1280 × 720 at 30. */
const level = 31;
/** One DC level of a flat macroblock is one step of luma at quantiser 28, and of chroma at 22. */
const lumaQp = 28;
const chromaQpOffset = -6;
const bt709 = 1;
const videoFormatUnspecified = 5;
const squarePixels = 1;
/** nal_ref_idc of parameter sets. */
const refIdcHigh = 3;

/** A NAL unit from its payload (ITU-T H.264 section 7.3.1). */
export function writeNal(refIdc: number, type: number, payload: BitWriter): Uint8Array {
  payload.rbspTrailingBits();
  const body = payload.bytes();
  const nal = new Uint8Array(body.byteLength + 1);
  nal[0] = (refIdc << 5) | type;
  nal.set(body, 1);
  // The header byte is not zero, so that the rule for the body holds for the whole.
  return insertEmulationPrevention(nal);
}

/** What describes the stream of a `MacroblockEncoder` of that size, in macroblocks. */
export function demoVideoInfo(
  columns: number,
  rows: number,
  framesPerSecond: number,
): VideoTrackInfo {
  const sps = [writeSps(columns, rows, framesPerSecond)];
  return videoTrackInfoFromAvcC(writeAvcC({ sps, pps: [writePps()] }));
}

/** ITU-T H.264 section 7.3.2.1.1. */
function writeSps(columns: number, rows: number, framesPerSecond: number): Uint8Array {
  const writer = new BitWriter();
  writer.bits(profileBaseline, 8);
  writer.bits(constraints, 8);
  writer.bits(level, 8);
  writer.ue(0); // seq_parameter_set_id
  writer.ue(frameNumBits - 4); // log2_max_frame_num_minus4
  writer.ue(2); // pic_order_cnt_type: output order is decoding order
  writer.ue(1); // max_num_ref_frames
  writer.flag(false); // gaps_in_frame_num_value_allowed_flag
  writer.ue(columns - 1); // pic_width_in_mbs_minus1
  writer.ue(rows - 1); // pic_height_in_map_units_minus1
  writer.flag(true); // frame_mbs_only_flag
  writer.flag(true); // direct_8x8_inference_flag
  writer.flag(false); // frame_cropping_flag
  writer.flag(true); // vui_parameters_present_flag
  writeVui(writer, framesPerSecond);
  return writeNal(refIdcHigh, NalType.sps, writer);
}

/** ITU-T H.264 section E.1.1. */
function writeVui(writer: BitWriter, framesPerSecond: number): void {
  writer.flag(true); // aspect_ratio_info_present_flag
  writer.bits(squarePixels, 8);
  writer.flag(false); // overscan_info_present_flag
  writer.flag(true); // video_signal_type_present_flag
  writer.bits(videoFormatUnspecified, 3);
  writer.flag(false); // video_full_range_flag
  writer.flag(true); // colour_description_present_flag
  writer.bits(bt709, 8); // colour_primaries
  writer.bits(bt709, 8); // transfer_characteristics
  writer.bits(bt709, 8); // matrix_coefficients
  writer.flag(false); // chroma_loc_info_present_flag
  writer.flag(true); // timing_info_present_flag
  writer.bits(1, 32); // num_units_in_tick
  writer.bits(2 * framesPerSecond, 32); // time_scale counts fields
  writer.flag(true); // fixed_frame_rate_flag
  writer.flag(false); // nal_hrd_parameters_present_flag
  writer.flag(false); // vcl_hrd_parameters_present_flag
  writer.flag(false); // pic_struct_present_flag
  writer.flag(true); // bitstream_restriction_flag
  writer.flag(true); // motion_vectors_over_pic_boundaries_flag
  writer.ue(0); // max_bytes_per_pic_denom
  writer.ue(0); // max_bits_per_mb_denom
  writer.ue(0); // log2_max_mv_length_horizontal
  writer.ue(0); // log2_max_mv_length_vertical
  writer.ue(0); // max_num_reorder_frames
  writer.ue(1); // max_dec_frame_buffering
}

/** ITU-T H.264 section 7.3.2.2. */
function writePps(): Uint8Array {
  const writer = new BitWriter();
  writer.ue(0); // pic_parameter_set_id
  writer.ue(0); // seq_parameter_set_id
  writer.flag(false); // entropy_coding_mode_flag: CAVLC
  writer.flag(false); // bottom_field_pic_order_in_frame_present_flag
  writer.ue(0); // num_slice_groups_minus1
  writer.ue(0); // num_ref_idx_l0_default_active_minus1
  writer.ue(0); // num_ref_idx_l1_default_active_minus1
  writer.flag(false); // weighted_pred_flag
  writer.bits(0, 2); // weighted_bipred_idc
  writer.se(lumaQp - 26); // pic_init_qp_minus26
  writer.se(0); // pic_init_qs_minus26
  writer.se(chromaQpOffset);
  writer.flag(true); // deblocking_filter_control_present_flag
  writer.flag(false); // constrained_intra_pred_flag
  writer.flag(false); // redundant_pic_cnt_present_flag
  return writeNal(refIdcHigh, NalType.pps, writer);
}
