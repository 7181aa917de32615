import type { PayloadStart, RtpVideoCodec } from "@millrace/media/rtp";

/** ITU-T H.264 table 7-1 and RFC 6184 table 1. */
const idr = 5;
const delimiter = 9;
const stapA = 24;
const fuA = 28;
const typeMask = 0x1f;

/**
 * Whether this is the first payload of a key frame for certain, though the packet before it is missing. An IDR slice
 * of H.264 is not: the parameter sets may have been in that packet.
 */
export function isKeyStart(codec: RtpVideoCodec, start: PayloadStart): boolean {
  return start.key && (codec !== "h264" || start.width > 0);
}

/** Whether an access unit begins here for certain: with the delimiter of H.264. */
export function isDelimiter(codec: RtpVideoCodec, payload: Uint8Array): boolean {
  if (codec !== "h264") return false;
  const type = (payload[0] ?? 0) & typeMask;
  const first = type === stapA ? (payload[3] ?? 0) & typeMask : type;
  return first === delimiter;
}

/**
 * Whether the first payload of an H.264 access unit leaves open what kind of frame it is: a delimiter, SEI or other
 * units without a slice. RFC 6184 section 5.
 */
export function isUndecided(codec: RtpVideoCodec, payload: Uint8Array): boolean {
  if (codec !== "h264") return false;
  const type = (payload[0] ?? 0) & typeMask;
  if (type === fuA) return ((payload[1] ?? 0) & typeMask) > idr;
  if (type !== stapA) return type > idr;
  let at = 1;
  while (at + 2 < payload.length) {
    const unit = (payload[at + 2] ?? 0) & typeMask;
    if (unit >= 1 && unit <= idr) return false;
    at += 2 + (((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0));
  }
  return true;
}
