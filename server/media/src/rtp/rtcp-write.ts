import type { NtpTime } from "./ntp.ts";
import {
  FeedbackFormat,
  type ReportBlock,
  RtcpType,
  reportBlockBytes,
  rtcpHeaderBytes,
  sdesCname,
} from "./rtcp.ts";
import { feedbackHeaderBytes, makeFeedback, makeRtcpPacket } from "./rtcp-packet.ts";

/** What a sender report says. `ntp` and `rtpTime` must be the same instant (see `wallMsToNtp`). */
export interface SenderReportFields {
  readonly ssrc: number;
  readonly ntp: NtpTime;
  /** RTP timestamp of that instant; cut to 32 bits. */
  readonly rtpTime: number;
  /** Packets and payload bytes sent so far; cut to 32 bits. */
  readonly packetCount: number;
  readonly octetCount: number;
  readonly reports?: readonly ReportBlock[];
}

const senderInfoBytes = 20;
const maxCnameBytes = 255;
const maxCumulativeLost = 0x7f_ffff;
const noReports: readonly ReportBlock[] = [];

/** RFC 3550 section 6.4.1. @throws RangeError for more than 31 report blocks */
export function writeSenderReport(fields: SenderReportFields): Uint8Array {
  const { reports = noReports } = fields;
  const start = rtcpHeaderBytes + 4 + senderInfoBytes;
  const size = start + reports.length * reportBlockBytes;
  const [out, view] = makeRtcpPacket(RtcpType.senderReport, reports.length, size);
  view.setUint32(4, fields.ssrc);
  view.setUint32(8, fields.ntp.seconds);
  view.setUint32(12, fields.ntp.fraction);
  view.setUint32(16, fields.rtpTime);
  view.setUint32(20, fields.packetCount);
  view.setUint32(24, fields.octetCount);
  putReports(view, start, reports);
  return out;
}

/** RFC 3550 section 6.4.2. @throws RangeError for more than 31 report blocks */
export function writeReceiverReport(ssrc: number, reports: readonly ReportBlock[]): Uint8Array {
  const start = rtcpHeaderBytes + 4;
  const size = start + reports.length * reportBlockBytes;
  const [out, view] = makeRtcpPacket(RtcpType.receiverReport, reports.length, size);
  view.setUint32(4, ssrc);
  putReports(view, start, reports);
  return out;
}

/**
 * RFC 3550 section 6.5.1: a source description with only the CNAME, which is UTF-8.
 * @throws RangeError when it has more than 255 bytes
 */
export function writeSdesCname(ssrc: number, cname: Uint8Array): Uint8Array {
  if (cname.byteLength > maxCnameBytes) throw new RangeError(`CNAME of ${cname.byteLength} bytes`);
  const itemsStart = rtcpHeaderBytes + 4;
  // At least one zero ends the items, and the chunk ends at a multiple of 4.
  const size = (itemsStart + 2 + cname.byteLength + 4) & ~3;
  const [out, view] = makeRtcpPacket(RtcpType.sourceDescription, 1, size);
  view.setUint32(4, ssrc);
  out[itemsStart] = sdesCname;
  out[itemsStart + 1] = cname.byteLength;
  out.set(cname, itemsStart + 2);
  return out;
}

/** RFC 3550 section 6.6. @throws RangeError for more than 31 sources */
export function writeBye(ssrcs: readonly number[]): Uint8Array {
  const [out, view] = makeRtcpPacket(
    RtcpType.bye,
    ssrcs.length,
    rtcpHeaderBytes + ssrcs.length * 4,
  );
  for (const [i, ssrc] of ssrcs.entries()) view.setUint32(rtcpHeaderBytes + i * 4, ssrc);
  return out;
}

/** RFC 4585 section 6.3.1: asks the sender of `mediaSsrc` for a key frame. */
export function writePli(senderSsrc: number, mediaSsrc: number): Uint8Array {
  const { payloadFeedback } = RtcpType;
  return makeFeedback(payloadFeedback, FeedbackFormat.pli, senderSsrc, mediaSsrc, 0)[0];
}

/**
 * RFC 5104 section 4.3.1: asks the sender of `mediaSsrc` for a key frame. `sequence` (cut to 8 bits)
 * goes up by one with each new request and stays in repetitions.
 */
export function writeFir(senderSsrc: number, mediaSsrc: number, sequence: number): Uint8Array {
  const [out, view] = makeFeedback(RtcpType.payloadFeedback, FeedbackFormat.fir, senderSsrc, 0, 8);
  const start = rtcpHeaderBytes + feedbackHeaderBytes;
  view.setUint32(start, mediaSsrc);
  view.setUint8(start + 4, sequence);
  return out;
}

/**
 * RFC 4585 section 6.2.1, generic NACK. `sequences` in sending order (wrapping is fine) give the
 * shortest packet; any order is right.
 * @throws RangeError when there are none or more than 16,384
 */
export function writeNack(
  senderSsrc: number,
  mediaSsrc: number,
  sequences: readonly number[],
): Uint8Array {
  if (sequences.length === 0 || sequences.length > 16_384) {
    throw new RangeError(`NACK for ${sequences.length} packets`);
  }
  const items: { first: number; mask: number }[] = [];
  let item: { first: number; mask: number } | undefined;
  for (const sequence of sequences) {
    const ahead = item === undefined ? 0 : (sequence - item.first) & 0xffff;
    if (item !== undefined && ahead <= 16) {
      if (ahead > 0) item.mask |= 1 << (ahead - 1);
      continue;
    }
    item = { first: sequence, mask: 0 };
    items.push(item);
  }
  const { transportFeedback } = RtcpType;
  const bytes = items.length * 4;
  const [out, view] = makeFeedback(
    transportFeedback,
    FeedbackFormat.nack,
    senderSsrc,
    mediaSsrc,
    bytes,
  );
  for (const [i, { first, mask }] of items.entries()) {
    const at = rtcpHeaderBytes + feedbackHeaderBytes + i * 4;
    view.setUint16(at, first);
    view.setUint16(at + 2, mask);
  }
  return out;
}

/**
 * RFC 3550 section 6.1: the packets as one datagram. A compound begins with a sender or receiver
 * report and has an SDES CNAME, unless reduced-size RTCP (RFC 5506) is agreed.
 */
export function joinRtcp(packets: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const packet of packets) size += packet.byteLength;
  const out = new Uint8Array(size);
  let offset = 0;
  for (const packet of packets) {
    out.set(packet, offset);
    offset += packet.byteLength;
  }
  return out;
}

function putReports(view: DataView, start: number, reports: readonly ReportBlock[]): void {
  for (const [i, report] of reports.entries()) {
    const at = start + i * reportBlockBytes;
    const lost = Math.max(
      -maxCumulativeLost - 1,
      Math.min(maxCumulativeLost, report.cumulativeLost),
    );
    view.setUint32(at, report.ssrc);
    view.setUint32(at + 4, (Math.min(report.fractionLost, 255) << 24) | (lost & 0xff_ffff));
    view.setUint32(at + 8, report.highestSequence);
    view.setUint32(at + 12, report.jitter);
    view.setUint32(at + 16, report.lastSenderReport);
    view.setUint32(at + 20, report.delaySinceLastSenderReport);
  }
}
