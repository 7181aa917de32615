import type { NtpTime } from "./ntp.ts";

/** RFC 3550 section 12.1, RFC 4585 section 6.1 and RFC 3611 section 2. */
export const RtcpType = {
  senderReport: 200,
  receiverReport: 201,
  sourceDescription: 202,
  bye: 203,
  app: 204,
  transportFeedback: 205,
  payloadFeedback: 206,
  extendedReport: 207,
} as const;

/** FMT of RTPFB and PSFB: RFC 4585, RFC 5104, draft-holmer-rmcat-transport-wide-cc-extensions-01. */
export const FeedbackFormat = {
  nack: 1,
  transportCc: 15,
  pli: 1,
  fir: 4,
  applicationLayer: 15,
} as const;

export const rtcpVersion = 2;
export const rtcpHeaderBytes = 4;
export const reportBlockBytes = 24;
/** The counter in the header has 5 bits. */
export const maxRtcpCount = 31;
/** RFC 3550 section 6.5, item type CNAME. */
export const sdesCname = 1;

/** RFC 3550 section 6.4.1. */
export interface ReportBlock {
  readonly ssrc: number;
  /** Part of packets lost since the last report, in 1/256. */
  readonly fractionLost: number;
  /** Packets lost since the start; signed, 24 bits. */
  readonly cumulativeLost: number;
  /** Extended highest sequence number received, unsigned 32 bits. */
  readonly highestSequence: number;
  /** Interarrival jitter in RTP clock ticks. */
  readonly jitter: number;
  /** LSR: compact NTP time of the last sender report; 0 before the first. */
  readonly lastSenderReport: number;
  /** DLSR: units of 1/65,536 s. */
  readonly delaySinceLastSenderReport: number;
}

/** RFC 3550 section 6.4.1, sender report. */
export interface SenderReport {
  readonly type: "sender-report";
  readonly ssrc: number;
  readonly ntp: NtpTime;
  readonly rtpTime: number;
  readonly packetCount: number;
  readonly octetCount: number;
  readonly reports: readonly ReportBlock[];
}

/** RFC 3550 section 6.4.2. */
export interface ReceiverReport {
  readonly type: "receiver-report";
  readonly ssrc: number;
  readonly reports: readonly ReportBlock[];
}

/** RFC 3550 section 6.5; only CNAME is read. */
export interface SourceDescription {
  readonly type: "source-description";
  readonly chunks: readonly { readonly ssrc: number; readonly cname: Uint8Array | undefined }[];
}

/** RFC 3550 section 6.6. */
export interface Bye {
  readonly type: "bye";
  readonly ssrcs: readonly number[];
}

/** RFC 4585 section 6.2.1, generic NACK. */
export interface Nack {
  readonly type: "nack";
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  /** In the order of the packet; cut to the limit. */
  readonly sequences: readonly number[];
}

/** draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1. */
export interface TransportCc {
  readonly type: "transport-cc";
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
  /** From the base sequence number on, without padding; a view of the datagram. For `parseTransportCc`. */
  readonly data: Uint8Array;
}

/** RFC 4585 section 6.3.1, picture loss indication. */
export interface Pli {
  readonly type: "pli";
  readonly senderSsrc: number;
  readonly mediaSsrc: number;
}

/** RFC 5104 section 4.3.1, full intra request. */
export interface Fir {
  readonly type: "fir";
  readonly senderSsrc: number;
  /** `sequence` (0 to 255) is the same in repetitions of one request. */
  readonly requests: readonly { readonly ssrc: number; readonly sequence: number }[];
}

/** draft-alvestrand-rmcat-remb-03 section 2.2. */
export interface Remb {
  readonly type: "remb";
  readonly senderSsrc: number;
  readonly bitrateBps: number;
  readonly ssrcs: readonly number[];
}

/** RFC 3611 section 4.5: when a receiver's reference time came to us and how long ago that was. */
export interface ReceptionDelay {
  /** Of the receiver whose reference time it was. */
  readonly ssrc: number;
  /** LRR: compact NTP time of its last reference time; 0 before the first. */
  readonly lastReceiverReport: number;
  /** DLRR: units of 1/65,536 s. */
  readonly delaySinceLastReceiverReport: number;
}

/** RFC 3611 section 2, extended report; blocks other than these two are left out. */
export interface ExtendedReport {
  readonly type: "extended-report";
  readonly ssrc: number;
  /** Section 4.4: the sender's clock when it sent this; it receives and wants to know the round trip. */
  readonly receiverReferenceTime: NtpTime | undefined;
  /** Section 4.5: answers to reference times; `roundTripMs` takes its two times. */
  readonly delays: readonly ReceptionDelay[];
}

/** One RTCP packet of a kind that a gateway acts on. */
export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Bye
  | Nack
  | TransportCc
  | Pli
  | Fir
  | Remb
  | ExtendedReport;
