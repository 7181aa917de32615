import { type Obu, ObuType } from "./obu.ts";

const showExistingBit = 0x80;
const frameTypeMask = 0x60;

/**
 * AV1 Bitstream & Decoding Process Specification section 5.9.2: whether a frame header or frame OBU is of
 * a new key frame. Only for sequences without reduced_still_picture_header, where all frames are.
 */
export function isAv1KeyFrame(obu: Obu): boolean {
  const first = obu.payload[0];
  if (first === undefined || !isAv1FrameStart(obu.type)) return false;
  // frame_type KEY_FRAME is 0.
  return (first & (showExistingBit | frameTypeMask)) === 0;
}

/** Whether an OBU of that type begins a frame. */
export function isAv1FrameStart(type: number): boolean {
  return type === ObuType.frame || type === ObuType.frameHeader;
}
