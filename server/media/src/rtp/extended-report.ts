import type { NtpTime } from "./ntp.ts";
import { type ExtendedReport, type ReceptionDelay, RtcpType, rtcpHeaderBytes } from "./rtcp.ts";
import { makeRtcpPacket } from "./rtcp-packet.ts";

/** DLRR sub-blocks that are read from one extended report, and that go into one; more are ignored. */
export const maxReceptionDelays = 128;

/** RFC 3611 section 3, block types. */
const BlockType = { receiverReferenceTime: 4, delaySinceLastReceiverReport: 5 } as const;

const ssrcBytes = 4;
const blockHeaderBytes = 4;
const referenceTimeBytes = 8;
const delayBytes = 12;

/**
 * RFC 3611 section 2, without the RTCP header. Blocks of other types are passed over, of several
 * reference times the last counts. Undefined when nothing is left, and when a block goes past the end.
 */
export function parseExtendedReport(view: DataView): ExtendedReport | undefined {
  if (view.byteLength < ssrcBytes) return undefined;
  let receiverReferenceTime: NtpTime | undefined;
  const delays: ReceptionDelay[] = [];
  let offset = ssrcBytes;
  while (offset < view.byteLength) {
    if (offset + blockHeaderBytes > view.byteLength) return undefined;
    const type = view.getUint8(offset);
    const start = offset + blockHeaderBytes;
    const end = start + view.getUint16(offset + 2) * 4;
    if (end > view.byteLength) return undefined;
    if (type === BlockType.receiverReferenceTime && end - start >= referenceTimeBytes) {
      receiverReferenceTime = {
        seconds: view.getUint32(start),
        fraction: view.getUint32(start + 4),
      };
    } else if (type === BlockType.delaySinceLastReceiverReport)
      readDelays(view, start, end, delays);
    offset = end;
  }
  if (receiverReferenceTime === undefined && delays.length === 0) return undefined;
  return { type: "extended-report", ssrc: view.getUint32(0), receiverReferenceTime, delays };
}

function readDelays(view: DataView, start: number, end: number, delays: ReceptionDelay[]): void {
  for (let at = start; at + delayBytes <= end; at += delayBytes) {
    if (delays.length >= maxReceptionDelays) return;
    delays.push({
      ssrc: view.getUint32(at),
      lastReceiverReport: view.getUint32(at + 4),
      delaySinceLastReceiverReport: view.getUint32(at + 8),
    });
  }
}

/**
 * RFC 3611 section 4.4: asks the senders to tell when this came, so that a party that sends no media
 * learns the round trip. `ssrc` is our own.
 */
export function writeReceiverReferenceTime(ssrc: number, ntp: NtpTime): Uint8Array {
  const start = rtcpHeaderBytes + ssrcBytes;
  const size = start + blockHeaderBytes + referenceTimeBytes;
  const [out, view] = makeRtcpPacket(RtcpType.extendedReport, 0, size);
  view.setUint32(rtcpHeaderBytes, ssrc);
  view.setUint8(start, BlockType.receiverReferenceTime);
  view.setUint16(start + 2, referenceTimeBytes / 4);
  view.setUint32(start + blockHeaderBytes, ntp.seconds);
  view.setUint32(start + blockHeaderBytes + 4, ntp.fraction);
  return out;
}

/**
 * RFC 3611 section 4.5: answers reference times. `lastReceiverReport` is their `compactNtp`,
 * `delaySinceLastReceiverReport` the `msToCompactNtp` of the time since they came.
 * @throws RangeError for none or more than `maxReceptionDelays`
 */
export function writeReceptionDelays(ssrc: number, delays: readonly ReceptionDelay[]): Uint8Array {
  if (delays.length === 0 || delays.length > maxReceptionDelays) {
    throw new RangeError(`${delays.length} delays in one extended report`);
  }
  const start = rtcpHeaderBytes + ssrcBytes;
  const size = start + blockHeaderBytes + delays.length * delayBytes;
  const [out, view] = makeRtcpPacket(RtcpType.extendedReport, 0, size);
  view.setUint32(rtcpHeaderBytes, ssrc);
  view.setUint8(start, BlockType.delaySinceLastReceiverReport);
  view.setUint16(start + 2, (delays.length * delayBytes) / 4);
  for (const [i, delay] of delays.entries()) {
    const at = start + blockHeaderBytes + i * delayBytes;
    view.setUint32(at, delay.ssrc);
    view.setUint32(at + 4, delay.lastReceiverReport);
    view.setUint32(at + 8, delay.delaySinceLastReceiverReport);
  }
  return out;
}
