export {
  maxReceptionDelays,
  writeReceiverReferenceTime,
  writeReceptionDelays,
} from "./extended-report.ts";
export { FrameAssembler, videoTrackInfoOf } from "./frame-assembler.ts";
export {
  type AssembledFrame,
  defaultFrameAssemblerLimits,
  type FrameAssemblerLimits,
} from "./frame-assembly.ts";
export {
  defaultH264DepacketizerLimits,
  type H264AccessUnit,
  H264Depacketizer,
  type H264DepacketizerLimits,
} from "./h264-depacketizer.ts";
export { minH264PayloadBytes, packetizeH264 } from "./h264-packetizer.ts";
export { type ExtensionElement, findExtension, makeExtension } from "./header-extension.ts";
export { inspectPayload, type RtpVideoCodec } from "./inspect-payload.ts";
export {
  compactNtp,
  msToCompactNtp,
  type NtpTime,
  ntpToWallMs,
  roundTripMs,
  wallMsToCompactNtp,
  wallMsToNtp,
} from "./ntp.ts";
export { depacketizeOpus, type OpusRtpFrame, opusClockRate, packetizeOpus } from "./opus.ts";
export {
  maxRtpPacketBytes,
  parseRtp,
  putRtpHeader,
  type RtpExtension,
  type RtpHeader,
  type RtpPacket,
  rtpHeaderBytes,
  rtpHeaderSizeBytes,
} from "./packet.ts";
export type { PayloadStart } from "./payload-start.ts";
export { ReceptionStatistics } from "./reception.ts";
export { writeRemb } from "./remb.ts";
export {
  defaultReorderLimits,
  ReorderBuffer,
  type ReorderCounters,
  type ReorderLimits,
} from "./reorder.ts";
export type {
  Bye,
  ExtendedReport,
  Fir,
  Nack,
  Pli,
  ReceiverReport,
  ReceptionDelay,
  Remb,
  ReportBlock,
  RtcpPacket,
  SenderReport,
  SourceDescription,
  TransportCc,
} from "./rtcp.ts";
export { FeedbackFormat, RtcpType } from "./rtcp.ts";
export { defaultRtcpLimits, parseRtcp, type RtcpLimits } from "./rtcp-parse.ts";
export {
  joinRtcp,
  type SenderReportFields,
  writeBye,
  writeFir,
  writeNack,
  writePli,
  writeReceiverReport,
  writeSdesCname,
  writeSenderReport,
} from "./rtcp-write.ts";
export { type RtxContent, unwrapRtx } from "./rtx.ts";
export {
  SequenceUnwrapper,
  sequenceDistance,
  TimestampUnwrapper,
  timestampDistance,
} from "./sequence.ts";
export {
  maxTransportCcPackets,
  parseTransportCc,
  type TransportCcFeedback,
  type TransportCcPacket,
} from "./transport-cc.ts";
export { type TransportCcFields, writeTransportCc } from "./transport-cc-write.ts";
export { plainVp8Payload } from "./vp8-payload.ts";
