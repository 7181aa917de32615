import { FeedbackFormat, RtcpType, rtcpHeaderBytes } from "./rtcp.ts";
import { feedbackHeaderBytes, makeFeedback } from "./rtcp-packet.ts";

/** "REMB" */
export const rembIdentifier = 0x52454d42;
/** Identifier, number of SSRCs, exponent and mantissa. */
export const rembFixedBytes = 8;
export const rembMantissaBits = 18;

const mantissaRange = 2 ** rembMantissaBits;
const maxRembSsrcs = 255;

/**
 * draft-alvestrand-rmcat-remb-03 section 2.2: the receiver estimates that the path carries `bitrateBps`
 * for all of `ssrcs` together. Rounded down to 18 significant bits.
 * @throws RangeError for a bit rate that is negative or no number, and for more than 255 sources
 */
export function writeRemb(
  senderSsrc: number,
  bitrateBps: number,
  ssrcs: readonly number[],
): Uint8Array {
  if (!(bitrateBps >= 0 && bitrateBps <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`REMB of ${bitrateBps} bit/s`);
  }
  if (ssrcs.length > maxRembSsrcs) throw new RangeError(`REMB for ${ssrcs.length} sources`);
  let exponent = 0;
  let mantissa = Math.floor(bitrateBps);
  while (mantissa >= mantissaRange) {
    mantissa = Math.floor(mantissa / 2);
    exponent += 1;
  }
  // Section 2.2: the SSRC of the media source is always 0.
  const [out, view] = makeFeedback(
    RtcpType.payloadFeedback,
    FeedbackFormat.applicationLayer,
    senderSsrc,
    0,
    rembFixedBytes + ssrcs.length * 4,
  );
  const start = rtcpHeaderBytes + feedbackHeaderBytes;
  view.setUint32(start, rembIdentifier);
  view.setUint32(start + 4, ssrcs.length * 2 ** 24 + exponent * mantissaRange + mantissa);
  for (const [i, ssrc] of ssrcs.entries()) view.setUint32(start + rembFixedBytes + i * 4, ssrc);
  return out;
}
