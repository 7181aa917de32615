import { type Check, type Finding, found, ok } from "./check.ts";

/** What this browser decodes. */
export interface DecodedFormats {
  /** Names of codecs that it takes by WebRTC, such as `H264`; undefined when it does not tell. */
  readonly webrtc: readonly string[] | undefined;
  readonly mse: "managed" | "plain" | "none";
  readonly nativeHls: boolean;
  /** Names of those that Media Source Extensions take. */
  readonly buffered: readonly string[];
}

/** What is asked for, by the name that it has here, for `isTypeSupported`. */
export const bufferedTypes: Readonly<Record<string, string>> = {
  H264: 'video/mp4; codecs="avc1.42E01F"',
  H265: 'video/mp4; codecs="hvc1.1.6.L93.B0"',
  VP8: 'video/webm; codecs="vp8"',
  VP9: 'video/mp4; codecs="vp09.00.10.08"',
  AV1: 'video/mp4; codecs="av01.0.04M.08"',
  AAC: 'audio/mp4; codecs="mp4a.40.2"',
  Opus: 'audio/mp4; codecs="opus"',
};

/** As people write them; also the order. */
const titles: readonly (readonly [string, string])[] = [
  ["H264", "H.264"],
  ["H265", "H.265"],
  ["VP8", "VP8"],
  ["VP9", "VP9"],
  ["AV1", "AV1"],
  ["AAC", "AAC"],
  ["Opus", "Opus"],
];

/** The checks `codecs-webrtc`, `mse` and `codecs-mse`. */
export function judgeFormats(formats: DecodedFormats): readonly Check[] {
  const { webrtc, mse, nativeHls, buffered } = formats;
  const elsewhere = buffered.includes("H264") || nativeHls;
  return [judgeWebRtc(webrtc, elsewhere), judgeMse(mse, nativeHls), judgeBuffered(formats)];
}

function judgeWebRtc(codecs: readonly string[] | undefined, elsewhere: boolean): Check {
  const id = "codecs-webrtc";
  if (codecs === undefined) return found("skipped", id, notTold);
  const details = { codecs };
  if (!codecs.includes("H264")) {
    return found(elsewhere ? "warn" : "fail", id, noH264, details);
  }
  if (!codecs.includes("Opus")) return found("warn", id, noSound, details);
  return ok(id, `By WebRTC this browser plays ${listed(codecs)}.`, details);
}

function judgeMse(mse: DecodedFormats["mse"], nativeHls: boolean): Check {
  const id = "mse";
  const details = { mse, nativeHls };
  if (mse === "none") return found("warn", id, nativeHls ? onlyHls : noMse, details);
  const which = mse === "managed" ? "Managed Media Source" : "Media Source Extensions";
  return ok(id, `${which}: streams play where WebRTC does not come through.`, details);
}

function judgeBuffered({ mse, buffered, webrtc }: DecodedFormats): Check {
  const id = "codecs-mse";
  if (mse === "none")
    return found("skipped", id, { code: "DOCTOR_MSE_MISSING", message: noMse.message });
  const details = { codecs: buffered };
  if (!buffered.includes("H264")) {
    return found(webrtc?.includes("H264") === true ? "warn" : "fail", id, noH264, details);
  }
  if (!buffered.includes("AAC") && !buffered.includes("Opus")) {
    return found("warn", id, noSound, details);
  }
  return ok(id, `Without WebRTC it plays ${listed(buffered)}.`, details);
}

/** What became of `play()`. `unknown`: it was not answered in time. */
export type PlayOutcome = "played" | "blocked" | "unknown";

/** The checks `autoplay` (without sound) and `sound` (with it). */
export function judgeAutoplay(muted: PlayOutcome, sounding: PlayOutcome): readonly Check[] {
  const unknown = { code: "DOCTOR_NOT_KNOWN", message: "The browser did not say." };
  const byItself = {
    played: ok("autoplay", "Streams start by themselves, without sound."),
    blocked: found("warn", "autoplay", noAutoplay),
    unknown: found("skipped", "autoplay", unknown),
  }[muted];
  if (sounding === "played") return [byItself, ok("sound", "Streams start with sound.")];
  if (sounding === "unknown") return [byItself, found("skipped", "sound", unknown)];
  // Browsers mean it so; it is no fault of anybody's.
  return [
    byItself,
    { ...ok("sound", soundWaits.message), code: soundWaits.code, fix: soundWaits.fix },
  ];
}

function listed(codecs: readonly string[]): string {
  return titles.flatMap(([name, title]) => (codecs.includes(name) ? [title] : [])).join(", ");
}

const notTold: Finding = {
  code: "DOCTOR_NOT_KNOWN",
  message: "This browser does not tell which codecs it plays by WebRTC.",
};
const noH264: Finding = {
  code: "DOCTOR_H264_MISSING",
  message: "This browser cannot decode H.264, which most streams are.",
  fix: "Use Chrome, Edge, Safari or Firefox as their makers ship them.",
};
const noSound: Finding = {
  code: "DOCTOR_SOUND_CODEC_MISSING",
  message: "This browser decodes no sound that streams have.",
  fix: "Use Chrome, Edge, Safari or Firefox as their makers ship them.",
};
const noMse: Finding = {
  code: "DOCTOR_MSE_MISSING",
  message:
    "This browser has no Media Source Extensions: without WebRTC there are still pictures only.",
  fix: "Update the browser; on an iPhone, iOS 17.1 or newer.",
};
const onlyHls: Finding = {
  ...noMse,
  message:
    "This browser has no Media Source Extensions: without WebRTC it plays HLS, some seconds late.",
};
const noAutoplay: Finding = {
  code: "DOCTOR_AUTOPLAY_BLOCKED",
  message: "The browser starts nothing by itself, not even without sound.",
  fix: "Press play; or allow autoplay for this site, and end a low-power or data-saving mode.",
};
const soundWaits = {
  code: "DOCTOR_SOUND_WAITS",
  message: "Sound begins after a tap, as browsers want it for sites that are new to you.",
  fix: "Tap the speaker in the player.",
} as const;
