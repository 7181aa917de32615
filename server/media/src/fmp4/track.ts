import { parseAudioSpecificConfig } from "../aac/index.ts";
import type { Codec, Frame, TrackInfo } from "../frame/index.ts";
import { opusSampleRate, parseOpusPacket } from "../opus/index.ts";

/** A track of an fMP4 stream. */
export interface Fmp4Track {
  /** track_ID, from 1. */
  readonly id: number;
  readonly info: TrackInfo;
  /** Ticks per second of all its times. */
  readonly timescale: number;
}

const codecs: ReadonlySet<Codec> = new Set(["h264", "h265", "av1", "vp9", "aac", "opus", "mp3"]);
/** Codecs whose sample entry cannot be written without a decoder configuration. */
const needConfig: ReadonlySet<Codec> = new Set(["h264", "h265", "av1", "vp9", "aac"]);

const videoTimescale = 90_000;
/** MPEG-1 has these sample rates and higher; MPEG-2 and 2.5 lower ones with frames half as long. */
const lowestMpeg1Rate = 32_000;
const mp3Samples = 1152;
const h264ConfigBytes = 4;

/** Whether fMP4 has a sample entry for this codec here. VP8 has none that players know. */
export function isFmp4Codec(codec: Codec): boolean {
  return codecs.has(codec);
}

/** Whether all that the sample entry needs is known. */
export function isFmp4Ready(info: TrackInfo): boolean {
  return isFmp4Codec(info.codec) && (!needConfig.has(info.codec) || info.config.byteLength > 0);
}

/** Ticks per second: 90,000 for video, the sample rate for audio. */
export function fmp4Timescale(info: TrackInfo): number {
  if (info.kind === "video") return videoTimescale;
  return info.codec === "opus" ? opusSampleRate : info.sampleRate;
}

/** RFC 6381 section 3.3 and the codecs' own bindings: what Media Source Extensions and HLS want to read. */
export function fmp4CodecString(info: TrackInfo): string {
  switch (info.codec) {
    case "h264":
      return /^avc1\.[0-9a-f]{6}$/i.test(info.codecString)
        ? info.codecString
        : `avc1.${[...info.config.subarray(1, h264ConfigBytes)].map(twoHexDigits).join("")}`;
    case "opus":
      return "opus";
    case "mp3":
      return `mp4a.${mp3ObjectType(info.sampleRate).toString(16).toUpperCase()}`;
    default:
      return info.codecString;
  }
}

/** ISO/IEC 14496-1 table 5: 0x6B is MPEG-1 audio, 0x69 MPEG-2 audio. */
export function mp3ObjectType(sampleRate: number): number {
  return sampleRate < lowestMpeg1Rate ? 0x69 : 0x6b;
}

/** How long the sound of an access unit lasts, in ticks of `fmp4Timescale`. Called for each audio frame. */
export type SampleLength = (frame: Frame) => number;

/**
 * How to find an audio track's sample durations.
 * @throws ProtocolError what parseAudioSpecificConfig throws; the function itself, OPUS_PACKET
 */
export function audioSampleLength(info: TrackInfo): SampleLength {
  switch (info.codec) {
    case "aac": {
      const { samplesPerFrame, sampleRate } = parseAudioSpecificConfig(info.config);
      const ticks = Math.round((samplesPerFrame * fmp4Timescale(info)) / sampleRate);
      return () => ticks;
    }
    case "mp3": {
      const ticks = mp3ObjectType(fmp4Timescale(info)) === 0x69 ? mp3Samples / 2 : mp3Samples;
      return () => ticks;
    }
    case "opus":
      return ({ payload: [packet = new Uint8Array(0)] }) => parseOpusPacket(packet).samples;
    default:
      throw new RangeError(`${info.codec} is no sound that fMP4 carries`);
  }
}

function twoHexDigits(value: number): string {
  return value.toString(16).padStart(2, "0");
}
