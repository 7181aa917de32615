import type { TrackInfo } from "@millrace/media/frame";
import type { Transport } from "../core/index.ts";
import type { SrsStream } from "./schemas/srs.ts";

const videoNames: Readonly<Record<string, string>> = {
  h264: "H264",
  h265: "HEVC",
  hevc: "HEVC",
  av1: "AV1",
  vp8: "VP8",
  vp9: "VP9",
};
const audioNames: Readonly<Record<string, string>> = { aac: "AAC", mp3: "MP3", opus: "Opus" };
/** H.264 annex A.2, by profile_idc. */
const h264Profiles: Readonly<Record<number, string>> = {
  66: "Baseline",
  77: "Main",
  88: "Extended",
  100: "High",
  110: "High(10)",
  122: "High(4:2:2)",
  244: "High(4:4:4)",
};

/** What SRS calls a session of that transport. */
export function clientType(transport: Transport, publishes: boolean): string {
  if (publishes) {
    return transport === "whip" || transport === "webrtc" ? "rtc-publish" : "fmle-publish";
  }
  switch (transport) {
    case "whep":
    case "webrtc":
      return "rtc-play";
    case "http-flv":
    case "ws-flv":
      return "flv-play";
    case "ll-hls":
      return "hls-play";
    case "rtmp-play":
      return "rtmp-play";
    default:
      return `${transport}-play`;
  }
}

export function srsVideo(info: TrackInfo | undefined): SrsStream["video"] {
  if (info?.kind !== "video") return null;
  const { codec, codecString, width, height } = info;
  // RFC 6381: avc1.PPCCLL, in hexadecimal.
  const [, profile, level] = /^avc[13]\.(..)..(..)$/.exec(codecString) ?? [];
  return {
    codec: videoNames[codec] ?? codec,
    profile: h264Profiles[Number.parseInt(profile ?? "", 16)] ?? "Other",
    level: level === undefined ? "Other" : String(Number.parseInt(level, 16) / 10),
    width,
    height,
  };
}

export function srsAudio(info: TrackInfo | undefined): SrsStream["audio"] {
  if (info?.kind !== "audio") return null;
  const { codec, codecString, sampleRate, channels } = info;
  return {
    codec: audioNames[codec] ?? codec,
    sample_rate: sampleRate,
    channel: channels,
    profile: codecString === "mp4a.40.2" ? "LC" : "Other",
  };
}
