import { ProtocolError } from "../error/index.ts";
import { parseExtendedReport } from "./extended-report.ts";
import { rembFixedBytes, rembIdentifier, rembMantissaBits } from "./remb.ts";
import {
  type Bye,
  FeedbackFormat,
  type Fir,
  type Nack,
  type Remb,
  type ReportBlock,
  type RtcpPacket,
  RtcpType,
  reportBlockBytes,
  rtcpHeaderBytes,
  rtcpVersion,
  type SourceDescription,
  sdesCname,
  type TransportCc,
} from "./rtcp.ts";
import { feedbackHeaderBytes } from "./rtcp-packet.ts";
import { maxTransportCcPackets } from "./transport-cc.ts";

/** Bounds on one RTCP datagram. */
export interface RtcpLimits {
  /** Packets in a compound. Default 64. */
  readonly maxPackets: number;
  /** Sequence numbers of all NACKs of a compound; those after it are ignored. Default 1,024: Chromium never asks for more than 1,000. */
  readonly maxNackSequences: number;
  /**
   * Packets that the transport-wide feedback of one compound reports on; feedback after those is left out. Default
   * 8,192, as in one: 24 bytes can claim as many, and a compound has room for dozens.
   */
  readonly maxTransportCcPackets: number;
}

export const defaultRtcpLimits: RtcpLimits = {
  maxPackets: 64,
  maxNackSequences: 1024,
  maxTransportCcPackets,
};

const paddingBit = 0x20;
const countMask = 0x1f;
const senderInfoBytes = 20;
const nackItemBytes = 4;
const firItemBytes = 8;

/**
 * RFC 3550 section 6.1, and RFC 5506: the packets of a compound or of a reduced-size datagram. Kinds
 * that are unknown or of no use here (APP and others) are left out, and so are packets whose
 * contents do not fit their length: the rest of the compound is still good.
 * @throws ProtocolError RTCP_TRUNCATED, RTCP_VERSION, RTCP_PADDING, RTCP_TOO_MANY
 */
export function parseRtcp(bytes: Uint8Array, limits: RtcpLimits = defaultRtcpLimits): RtcpPacket[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packets: RtcpPacket[] = [];
  let offset = 0;
  let count = 0;
  let left = limits;
  do {
    if (bytes.byteLength - offset < rtcpHeaderBytes) throw truncated(bytes);
    const first = view.getUint8(offset);
    if (first >>> 6 !== rtcpVersion) {
      throw new ProtocolError("RTCP_VERSION", `RTCP version ${first >>> 6}`);
    }
    const end = offset + (view.getUint16(offset + 2) + 1) * 4;
    if (end > bytes.byteLength) throw truncated(bytes);
    count += 1;
    if (count > limits.maxPackets) {
      throw new ProtocolError("RTCP_TOO_MANY", `more than ${limits.maxPackets} RTCP packets`);
    }
    const paddingBytes = (first & paddingBit) === 0 ? 0 : view.getUint8(end - 1);
    const bodyEnd = end - paddingBytes;
    if (bodyEnd < offset + rtcpHeaderBytes || ((first & paddingBit) !== 0 && paddingBytes === 0)) {
      throw new ProtocolError("RTCP_PADDING", `${paddingBytes} bytes of RTCP padding`);
    }
    const body = bytes.subarray(offset + rtcpHeaderBytes, bodyEnd);
    const packet = parseBody(view.getUint8(offset + 1), first & countMask, body, left);
    if (packet?.type === "nack") {
      left = { ...left, maxNackSequences: left.maxNackSequences - packet.sequences.length };
    } else if (packet?.type === "transport-cc") {
      left = { ...left, maxTransportCcPackets: left.maxTransportCcPackets - reportedOn(packet) };
    }
    if (packet !== undefined) packets.push(packet);
    offset = end;
  } while (offset < bytes.byteLength);
  return packets;
}

function parseBody(
  type: number,
  count: number,
  body: Uint8Array,
  limits: RtcpLimits,
): RtcpPacket | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  switch (type) {
    case RtcpType.senderReport:
      return parseSenderReport(view, count);
    case RtcpType.receiverReport:
      return parseReceiverReport(view, count);
    case RtcpType.sourceDescription:
      return parseSourceDescription(body, view, count);
    case RtcpType.bye:
      return parseBye(view, count);
    case RtcpType.transportFeedback:
    case RtcpType.payloadFeedback:
      return body.byteLength < feedbackHeaderBytes
        ? undefined
        : parseFeedback(type, count, body, view, limits);
    case RtcpType.extendedReport:
      return parseExtendedReport(view);
    default:
      return undefined;
  }
}

function parseSenderReport(view: DataView, count: number): RtcpPacket | undefined {
  if (view.byteLength < 4 + senderInfoBytes) return undefined;
  const reports = parseReports(view, 4 + senderInfoBytes, count);
  if (reports === undefined) return undefined;
  return {
    type: "sender-report",
    ssrc: view.getUint32(0),
    ntp: { seconds: view.getUint32(4), fraction: view.getUint32(8) },
    rtpTime: view.getUint32(12),
    packetCount: view.getUint32(16),
    octetCount: view.getUint32(20),
    reports,
  };
}

function parseReceiverReport(view: DataView, count: number): RtcpPacket | undefined {
  const reports = parseReports(view, 4, count);
  if (reports === undefined) return undefined;
  return { type: "receiver-report", ssrc: view.getUint32(0), reports };
}

function parseReports(view: DataView, start: number, count: number): ReportBlock[] | undefined {
  if (view.byteLength < start + count * reportBlockBytes) return undefined;
  const reports: ReportBlock[] = [];
  for (let i = 0; i < count; i += 1) {
    const at = start + i * reportBlockBytes;
    const loss = view.getInt32(at + 4);
    reports.push({
      ssrc: view.getUint32(at),
      fractionLost: loss >>> 24,
      cumulativeLost: (loss << 8) >> 8,
      highestSequence: view.getUint32(at + 8),
      jitter: view.getUint32(at + 12),
      lastSenderReport: view.getUint32(at + 16),
      delaySinceLastSenderReport: view.getUint32(at + 20),
    });
  }
  return reports;
}

/** RFC 3550 section 6.5: items end with a zero byte, chunks at a multiple of 4. */
function parseSourceDescription(
  body: Uint8Array,
  view: DataView,
  count: number,
): SourceDescription | undefined {
  const chunks: SourceDescription["chunks"][number][] = [];
  let offset = 0;
  for (let i = 0; i < count; i += 1) {
    if (offset + 4 > body.byteLength) return undefined;
    const ssrc = view.getUint32(offset);
    let cname: Uint8Array | undefined;
    offset += 4;
    while ((body[offset] ?? 0) !== 0) {
      const size = body[offset + 1];
      const end = offset + 2 + (size ?? 0);
      if (size === undefined || end > body.byteLength) return undefined;
      if (body[offset] === sdesCname) cname = body.subarray(offset + 2, end);
      offset = end;
    }
    if (offset >= body.byteLength) return undefined;
    offset = (offset + 4) & ~3;
    chunks.push({ ssrc, cname });
  }
  return { type: "source-description", chunks };
}

function parseBye(view: DataView, count: number): Bye | undefined {
  const ssrcs = parseSsrcs(view, 0, count);
  return ssrcs === undefined ? undefined : { type: "bye", ssrcs };
}

function parseFeedback(
  type: number,
  format: number,
  body: Uint8Array,
  view: DataView,
  limits: RtcpLimits,
): RtcpPacket | undefined {
  const senderSsrc = view.getUint32(0);
  const mediaSsrc = view.getUint32(4);
  if (type === RtcpType.transportFeedback) {
    if (format === FeedbackFormat.nack) return parseNack(view, limits);
    if (format !== FeedbackFormat.transportCc) return undefined;
    const data = body.subarray(feedbackHeaderBytes);
    const feedback: TransportCc = { type: "transport-cc", senderSsrc, mediaSsrc, data };
    return reportedOn(feedback) > limits.maxTransportCcPackets ? undefined : feedback;
  }
  if (format === FeedbackFormat.pli) return { type: "pli", senderSsrc, mediaSsrc };
  if (format === FeedbackFormat.fir) return parseFir(view);
  return format === FeedbackFormat.applicationLayer ? parseRemb(view) : undefined;
}

/** The packet status count, which is all that is read here. What is cut off counts nothing and is refused later. */
function reportedOn({ data }: TransportCc): number {
  return ((data[2] ?? 0) << 8) | (data[3] ?? 0);
}

/** RFC 4585 section 6.2.1: a number and a mask of those that follow it. */
function parseNack(view: DataView, limits: RtcpLimits): Nack | undefined {
  const sequences: number[] = [];
  const end = view.byteLength - nackItemBytes;
  for (let at = feedbackHeaderBytes; at <= end; at += nackItemBytes) {
    const first = view.getUint16(at);
    // The number itself is one more bit in front of the mask.
    const mask = view.getUint16(at + 2) * 2 + 1;
    for (let bit = 0; bit <= 16; bit += 1) {
      if ((mask & (1 << bit)) === 0) continue;
      if (sequences.length >= limits.maxNackSequences) break;
      sequences.push((first + bit) & 0xffff);
    }
  }
  if (sequences.length === 0) return undefined;
  return { type: "nack", senderSsrc: view.getUint32(0), mediaSsrc: view.getUint32(4), sequences };
}

function parseFir(view: DataView): Fir | undefined {
  const requests: Fir["requests"][number][] = [];
  const end = view.byteLength - firItemBytes;
  for (let at = feedbackHeaderBytes; at <= end; at += firItemBytes) {
    requests.push({ ssrc: view.getUint32(at), sequence: view.getUint8(at + 4) });
  }
  if (requests.length === 0) return undefined;
  return { type: "fir", senderSsrc: view.getUint32(0), requests };
}

function parseRemb(view: DataView): Remb | undefined {
  const start = feedbackHeaderBytes;
  if (view.byteLength < start + rembFixedBytes) return undefined;
  if (view.getUint32(start) !== rembIdentifier) return undefined;
  const word = view.getUint32(start + 4);
  const exponent = (word >>> rembMantissaBits) & 0x3f;
  const mantissa = word & ((1 << rembMantissaBits) - 1);
  const ssrcs = parseSsrcs(view, start + rembFixedBytes, word >>> 24);
  if (ssrcs === undefined) return undefined;
  // 2^63 and the like are no bit rates, but they must stay exact integers for whoever computes on.
  const bitrateBps = Math.min(mantissa * 2 ** exponent, Number.MAX_SAFE_INTEGER);
  return { type: "remb", senderSsrc: view.getUint32(0), bitrateBps, ssrcs };
}

function parseSsrcs(view: DataView, start: number, count: number): number[] | undefined {
  if (view.byteLength < start + count * 4) return undefined;
  const ssrcs: number[] = [];
  for (let i = 0; i < count; i += 1) ssrcs.push(view.getUint32(start + i * 4));
  return ssrcs;
}

function truncated(bytes: Uint8Array): ProtocolError {
  return new ProtocolError("RTCP_TRUNCATED", `RTCP goes past the end of ${bytes.byteLength} bytes`);
}
