import type { MediaDescription } from "sdp-transform";
import type { AnswerPreferences, PayloadFormat, RtcCodec } from "../peer.ts";
import {
  DEFAULT_PROFILE_LEVEL_ID,
  type H264ProfileLevel,
  parseProfileLevelId,
  profileSuits,
} from "./h264-profile.ts";
import { type Feedback, type OfferedCodec, offeredCodecs, writeParams } from "./payload-types.ts";

/** A payload type of an answer. */
export interface LineCodec {
  readonly format: PayloadFormat;
  /** As the offer writes it, such as `H264` or `opus`. */
  readonly name: string;
  /** Channels, for audio. */
  readonly channels: number | undefined;
  readonly fmtp: string | undefined;
  readonly feedback: readonly Feedback[];
}

/** Video that is forwarded to viewers, best first when the stream does not tell. */
const SENT_VIDEO: readonly RtcCodec[] = ["h264", "vp8", "vp9", "av1", "h265"];
/** Video that publishers may send, in the order in which we prefer it. */
const RECEIVED_VIDEO: readonly RtcCodec[] = ["h264", "vp8", "vp9", "av1"];

const VIDEO_CLOCK_RATE = 90_000;
/** RFC 7587 section 7. */
const OPUS_CLOCK_RATE = 48_000;
const OPUS_CHANNELS = 2;

/** What a stream is taken for while nobody knows: the profile that most decoders have. */
const UNKNOWN_STREAM_PROFILE = "42e01f";

/** The codecs to send video with, one payload type each, the stream's own first. */
export function sendVideo(
  line: MediaDescription,
  preferences: AnswerPreferences,
): readonly LineCodec[] {
  const offered = offeredCodecs(line);
  const first = preferences.videoCodec ?? "h264";
  const order = [first, ...SENT_VIDEO.filter((codec) => codec !== first)];
  return order.flatMap((codec) => {
    const matching = offered.filter((candidate) => videoCodec(candidate) === codec);
    const best = codec === "h264" ? bestH264(matching, preferences) : matching[0];
    return best === undefined ? [] : [lineCodec(best, codec)];
  });
}

/** The codecs to receive video with, what we prefer first. */
export function receiveVideo(line: MediaDescription): readonly LineCodec[] {
  const offered = offeredCodecs(line);
  return RECEIVED_VIDEO.flatMap((codec) => {
    const matching = offered.filter((candidate) => videoCodec(candidate) === codec);
    const ordered = codec === "h264" ? receivableH264(matching) : matching;
    return ordered.map((candidate) => lineCodec(candidate, codec));
  });
}

/** Opus, told to be stereo. RFC 7587 sections 6.1 and 7. */
export function sendAudio(line: MediaDescription): readonly LineCodec[] {
  return opus(line, (params) => withoutStereo(params));
}

/**
 * Opus with what we, who only hand it on, can take: forward error correction, stereo, any packet of 10 ms
 * or more. RFC 7587 sections 6.1 and 7.
 */
export function receiveAudio(line: MediaDescription): readonly LineCodec[] {
  return opus(line, (params) => {
    const kept = withoutStereo(params).filter(([name]) => !/^(minptime|useinbandfec)$/.test(name));
    return [["minptime", params.get("minptime") ?? "10"], ["useinbandfec", "1"], ...kept];
  });
}

function opus(
  line: MediaDescription,
  merge: (params: ReadonlyMap<string, string>) => readonly (readonly [string, string])[],
): readonly LineCodec[] {
  const offered = offeredCodecs(line).find(
    ({ name, clockRate, channels }) =>
      name.toLowerCase() === "opus" && clockRate === OPUS_CLOCK_RATE && channels === OPUS_CHANNELS,
  );
  if (offered === undefined) return [];
  const params = [...merge(offered.params), ["stereo", "1"], ["sprop-stereo", "1"]] as const;
  const codec = lineCodec(offered, "opus");
  const format = { ...codec.format, rtxPayloadType: undefined };
  return [{ ...codec, format, fmtp: writeParams(params) }];
}

function withoutStereo(params: ReadonlyMap<string, string>): (readonly [string, string])[] {
  return [...params].filter(([name]) => !/^(sprop-.*|stereo)$/.test(name));
}

/** Which codec of ours that is; undefined for others, and for profiles that hardly any browser decodes. */
function videoCodec({ name, clockRate, params }: OfferedCodec): RtcCodec | undefined {
  if (clockRate !== VIDEO_CLOCK_RATE) return undefined;
  switch (name.toLowerCase()) {
    case "h264":
      return "h264";
    case "vp8":
      return "vp8";
    case "vp9":
      // RFC 9628 section 7: 0 when it is not said.
      return (params.get("profile-id") ?? "0") === "0" ? "vp9" : undefined;
    case "av1":
      // AV1 RTP payload format, section 7.2.1: Main when it is not said.
      return (params.get("profile") ?? "0") === "0" ? "av1" : undefined;
    case "h265":
      // RFC 7798 section 7.1: Main and one stream per transport when it is not said.
      return (params.get("profile-id") ?? "1") === "1" &&
        (params.get("tx-mode") ?? "SRST") === "SRST"
        ? "h265"
        : undefined;
    default:
      return undefined;
  }
}

/** The payload type to send H.264 with, packetization mode 1. RFC 6184 section 8.2.2. */
function bestH264(
  offered: readonly OfferedCodec[],
  preferences: AnswerPreferences,
): OfferedCodec | undefined {
  const wanted =
    parseProfileLevelId(preferences.h264ProfileLevelId ?? UNKNOWN_STREAM_PROFILE) ??
    parseProfileLevelId(UNKNOWN_STREAM_PROFILE);
  let best: OfferedCodec | undefined;
  let bestRank = Number.NEGATIVE_INFINITY;
  for (const candidate of offered) {
    const profile = profileOf(candidate);
    if (packetizationMode(candidate) !== "1" || profile === undefined || wanted === undefined)
      continue;
    const rank = profileSuits(profile, wanted);
    // The offer's order is its preference.
    if (rank > bestRank) {
      best = candidate;
      bestRank = rank;
    }
  }
  return best;
}

/**
 * Constrained Baseline first, which every viewer decodes, then what else browsers have. Packetization mode 0,
 * of which every packet is right in mode 1 too, only when there is nothing else. A profile that cannot be
 * read (some encoders write seven digits) is taken for what it turns out to be.
 */
function receivableH264(offered: readonly OfferedCodec[]): readonly OfferedCodec[] {
  const readable = offered.filter(
    (candidate) => profileOf(candidate) !== undefined || !isProfileLevelId(profileText(candidate)),
  );
  const fragmented = readable.filter((candidate) => packetizationMode(candidate) === "1");
  const usable = fragmented.length > 0 ? fragmented : readable;
  const first = usable.filter((one) => profileOf(one)?.profile === "constrained-baseline");
  return [...first, ...usable.filter((one) => !first.includes(one))];
}

function packetizationMode({ params }: OfferedCodec): string {
  return params.get("packetization-mode") ?? "0";
}

function profileText({ params }: OfferedCodec): string {
  return params.get("profile-level-id") ?? DEFAULT_PROFILE_LEVEL_ID;
}

function profileOf(codec: OfferedCodec): H264ProfileLevel | undefined {
  return parseProfileLevelId(profileText(codec));
}

function isProfileLevelId(text: string): boolean {
  return /^[0-9a-f]{6}$/i.test(text);
}

function lineCodec(offered: OfferedCodec, codec: RtcCodec): LineCodec {
  const { name, payloadType, clockRate, channels, feedback, rtxPayloadType } = offered;
  const profile = codec === "h264" ? profileText(offered) : "";
  const nack = feedback.some(({ type, subtype }) => type === "nack" && subtype === undefined);
  return {
    format: {
      codec,
      payloadType,
      clockRate,
      profileLevelId: isProfileLevelId(profile) ? profile.toLowerCase() : undefined,
      // Nobody could ask for them.
      rtxPayloadType: nack ? rtxPayloadType : undefined,
    },
    name,
    channels,
    // Parameter sets of the offer's sender are no business of the answer. RFC 6184 section 8.2.2.
    fmtp: writeParams([...offered.params].filter(([param]) => !param.startsWith("sprop-"))),
    feedback,
  };
}
