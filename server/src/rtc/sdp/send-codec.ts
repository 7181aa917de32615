import { type MediaDescription, parseParams } from "sdp-transform";
import type { AnswerPreferences } from "../peer.ts";
import { DEFAULT_PROFILE_LEVEL_ID, parseProfileLevelId, profileSuits } from "./h264-profile.ts";

/** A payload type of an offer that we send with. */
export interface SendCodec {
  readonly codec: "h264" | "opus";
  /** As the offer writes it, such as `H264` or `opus`. */
  readonly name: string;
  readonly payloadType: number;
  readonly clockRate: number;
  /** Channels, for audio. */
  readonly channels: number | undefined;
  readonly fmtp: string | undefined;
  /** Payload type of RFC 4588 retransmissions. */
  readonly rtxPayloadType: number | undefined;
  readonly feedback: readonly Feedback[];
}

/** One `a=rtcp-fb`. RFC 4585 section 4.2. */
export interface Feedback {
  readonly type: string;
  readonly subtype: string | undefined;
}

/** The feedback that we understand. RFC 4585, RFC 5104, RFC 8888's forerunners. */
const FEEDBACK: ReadonlySet<string> = new Set([
  "nack",
  "nack pli",
  "ccm fir",
  "transport-cc",
  "goog-remb",
]);

/** What a stream is taken for while nobody knows: the profile that most decoders have. */
const UNKNOWN_STREAM_PROFILE = "42e01f";

/** The payload type to send H.264 with, packetization mode 1; undefined when none is offered. RFC 6184 section 8.2.2. */
export function chooseH264(
  line: MediaDescription,
  preferences: AnswerPreferences,
): SendCodec | undefined {
  const wanted =
    parseProfileLevelId(preferences.h264ProfileLevelId ?? UNKNOWN_STREAM_PROFILE) ??
    parseProfileLevelId(UNKNOWN_STREAM_PROFILE);
  let best: Rtpmap | undefined;
  let bestRank = Number.NEGATIVE_INFINITY;
  for (const rtpmap of rtpmapsNamed(line, "h264", 90_000)) {
    const params = parseParams(fmtpOf(line, Number(rtpmap.payload)) ?? "");
    if (String(params["packetization-mode"] ?? 0) !== "1") continue;
    const id = String(params["profile-level-id"] ?? DEFAULT_PROFILE_LEVEL_ID);
    const offered = parseProfileLevelId(id);
    if (offered === undefined || wanted === undefined) continue;
    const rank = profileSuits(offered, wanted);
    // The offer's order is its preference.
    if (rank > bestRank) {
      best = rtpmap;
      bestRank = rank;
    }
  }
  return best === undefined ? undefined : describe(line, best, "h264");
}

/** The payload type to send Opus with, told to be stereo. RFC 7587 sections 6.1 and 7. */
export function chooseOpus(line: MediaDescription): SendCodec | undefined {
  const rtpmap = rtpmapsNamed(line, "opus", 48_000).find((entry) => Number(entry.encoding) === 2);
  if (rtpmap === undefined) return undefined;
  const codec = describe(line, rtpmap, "opus");
  const offered = (codec.fmtp ?? "").split(";").map((part) => part.trim());
  const kept = offered.filter((part) => part !== "" && !/^(sprop-)?stereo=/.test(part));
  return { ...codec, fmtp: [...kept, "stereo=1", "sprop-stereo=1"].join(";") };
}

type Rtpmap = MediaDescription["rtp"][number];

function rtpmapsNamed(line: MediaDescription, name: string, clockRate: number): readonly Rtpmap[] {
  const payloads = String(line.payloads ?? "").split(" ");
  return line.rtp.filter(
    (rtp) =>
      String(rtp.codec).toLowerCase() === name &&
      rtp.rate === clockRate &&
      isPayloadType(Number(rtp.payload)) &&
      payloads.includes(String(rtp.payload)),
  );
}

function describe(line: MediaDescription, rtpmap: Rtpmap, codec: "h264" | "opus"): SendCodec {
  const payloadType = Number(rtpmap.payload);
  const clockRate = Number(rtpmap.rate);
  return {
    codec,
    name: String(rtpmap.codec),
    payloadType,
    clockRate,
    channels: rtpmap.encoding === undefined ? undefined : Number(rtpmap.encoding),
    fmtp: fmtpOf(line, payloadType),
    rtxPayloadType: rtxOf(line, payloadType, clockRate),
    feedback: feedbackOf(line, payloadType),
  };
}

/** RFC 4588 section 8.1. */
function rtxOf(line: MediaDescription, payloadType: number, clockRate: number): number | undefined {
  const apt = new RegExp(`(^|;)\\s*apt=${payloadType}\\s*(;|$)`);
  const rtx = rtpmapsNamed(line, "rtx", clockRate).find((rtp) =>
    apt.test(fmtpOf(line, Number(rtp.payload)) ?? ""),
  );
  return rtx === undefined ? undefined : Number(rtx.payload);
}

function fmtpOf(line: MediaDescription, payloadType: number): string | undefined {
  const fmtp = line.fmtp.find((candidate) => Number(candidate.payload) === payloadType);
  return fmtp === undefined ? undefined : String(fmtp.config);
}

/** RFC 4585 section 4.2: `*` stands for every payload type. */
function feedbackOf(line: MediaDescription, payloadType: number): readonly Feedback[] {
  const found = new Map<string, Feedback>();
  for (const entry of line.rtcpFb ?? []) {
    if (entry.payload !== "*" && Number(entry.payload) !== payloadType) continue;
    const subtype = entry.subtype === undefined ? undefined : String(entry.subtype);
    const type = String(entry.type);
    const text = subtype === undefined ? type : `${type} ${subtype}`;
    if (FEEDBACK.has(text)) found.set(text, { type, subtype });
  }
  return [...found.values()];
}

/** Dynamic payload types, and the lower ones when rtcp-mux leaves them free. RFC 5761 section 4. */
function isPayloadType(number: number): boolean {
  return (
    Number.isInteger(number) && ((number >= 96 && number <= 127) || (number >= 0 && number < 64))
  );
}
