import { maxRtcpCount, rtcpHeaderBytes, rtcpVersion } from "./rtcp.ts";

/** RFC 4585 section 6.1: the two SSRCs of a feedback packet. */
export const feedbackHeaderBytes = 8;

const paddingBit = 0x20;

/**
 * RFC 3550 section 6.4: an RTCP packet of `size` bytes, a multiple of 4, with its header; the rest is zero.
 * `count` is also the format of feedback packets. @throws RangeError for a count above 31
 */
export function makeRtcpPacket(type: number, count: number, size: number): [Uint8Array, DataView] {
  if (count > maxRtcpCount) throw new RangeError(`${count} items in one RTCP packet`);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  out[0] = (rtcpVersion << 6) | count;
  out[1] = type;
  view.setUint16(2, size / 4 - 1);
  return [out, view];
}

/**
 * RFC 4585 section 6.1: a feedback packet with `itemBytes` zeros after the SSRCs. What is missing to a
 * multiple of 4 becomes padding (RFC 3550 section 6.4.1), which its last byte counts.
 */
export function makeFeedback(
  type: number,
  format: number,
  senderSsrc: number,
  mediaSsrc: number,
  itemBytes: number,
): [Uint8Array, DataView] {
  const paddingBytes = -itemBytes & 3;
  const size = rtcpHeaderBytes + feedbackHeaderBytes + itemBytes + paddingBytes;
  const made = makeRtcpPacket(type, format, size);
  const [out, view] = made;
  view.setUint32(4, senderSsrc);
  view.setUint32(8, mediaSsrc);
  if (paddingBytes > 0) {
    out[0] = (out[0] as number) | paddingBit;
    out[size - 1] = paddingBytes;
  }
  return made;
}
