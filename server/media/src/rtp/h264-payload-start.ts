import { ProtocolError } from "../error/index.ts";
import { isVcl, NalType, nalRefIdc, nalType, parseSps } from "../h264/index.ts";
import {
  fuIndicatorBytes,
  H264PayloadType,
  maxSingleNalType,
  stapHeaderBytes,
  stapLengthBytes,
} from "./h264-payload.ts";
import { keyStartOf, noStart, type PayloadStart, plainStart } from "./payload-start.ts";

const startBit = 0x80;
const typeMask = 0x1f;

/**
 * RFC 6184 section 5.2, packetization modes 0 and 1. `reference` is nal_ref_idc of the slices; size from
 * a sequence parameter set that is whole. Never throws.
 */
export function inspectH264Payload(payload: Uint8Array): PayloadStart {
  const type = nalType(payload);
  if (type === H264PayloadType.fuA) return inspectFragment(payload);
  if (type === H264PayloadType.stapA) return inspectAggregate(payload);
  if (type < 1 || type > maxSingleNalType) return noStart;
  if (type === NalType.sps) return sized(payload);
  if (type === NalType.idr) return keyStartOf(0, 0);
  return plainStart(true, !isVcl(payload) || nalRefIdc(payload) !== 0);
}

/** RFC 6184 section 5.8. */
function inspectFragment(payload: Uint8Array): PayloadStart {
  if (payload.byteLength <= fuIndicatorBytes) return noStart;
  const header = payload[1] as number;
  const type = header & typeMask;
  if (type < 1 || type > maxSingleNalType) return noStart;
  const begins = (header & startBit) !== 0;
  if (begins && (type === NalType.idr || type === NalType.sps)) return keyStartOf(0, 0);
  const isSlice = type >= NalType.slice && type <= NalType.idr;
  return plainStart(begins, !isSlice || nalRefIdc(payload) !== 0);
}

/** RFC 6184 section 5.7.1. The indicator's nal_ref_idc is the highest of all units, so it tells too little. */
function inspectAggregate(payload: Uint8Array): PayloadStart {
  let sps: Uint8Array | undefined;
  let hasIdr = false;
  let hasSlice = false;
  let hasReference = false;
  let offset = stapHeaderBytes;
  while (offset + stapLengthBytes < payload.byteLength) {
    const size = (payload[offset] as number) * 256 + (payload[offset + 1] as number);
    offset += stapLengthBytes;
    const nal = payload.subarray(offset, offset + size);
    const type = nalType(nal);
    if (nal.byteLength < size || type < 1 || type > maxSingleNalType) return noStart;
    if (type === NalType.sps) sps ??= nal;
    if (type === NalType.idr) hasIdr = true;
    if (isVcl(nal)) {
      hasSlice = true;
      if (nalRefIdc(nal) !== 0) hasReference = true;
    }
    offset += size;
  }
  if (offset !== payload.byteLength || offset === stapHeaderBytes) return noStart;
  if (sps !== undefined) return sized(sps);
  if (hasIdr) return keyStartOf(0, 0);
  return plainStart(true, !hasSlice || hasReference);
}

function sized(sps: Uint8Array): PayloadStart {
  try {
    const { width, height } = parseSps(sps);
    return keyStartOf(width, height);
  } catch (error) {
    if (error instanceof ProtocolError) return keyStartOf(0, 0);
    throw error;
  }
}
