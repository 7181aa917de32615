import { type CodecChoice, type VideoCodec, videoCodecs } from "./settings.ts";

/** What is needed of an `RTCRtpCodec`. */
export interface CodecCapability {
  /** Such as `video/H264`. */
  readonly mimeType: string;
  readonly sdpFmtpLine?: string | undefined;
}

/** Repair formats that go with any codec. */
const repair = /^video\/(rtx|red|ulpfec|flexfec-03)$/i;

/** Which of the codecs that the server takes this browser can send. */
export function sendableCodecs(capabilities: readonly CodecCapability[]): readonly VideoCodec[] {
  return videoCodecs.filter((codec) => capabilities.some((one) => isCodec(one, codec)));
}

/**
 * What `setCodecPreferences` is to be given; undefined: nothing, the browser offers all and the server takes
 * what it prefers. A chosen codec is offered alone, with its repair formats: of several, the server would take H.264.
 */
export function codecPreferences<Capability extends CodecCapability>(
  choice: CodecChoice,
  capabilities: readonly Capability[],
): readonly Capability[] | undefined {
  if (choice === "auto") return undefined;
  const chosen = capabilities.filter((one) => isCodec(one, choice));
  if (chosen.length === 0) return undefined;
  return [...chosen, ...capabilities.filter(({ mimeType }) => repair.test(mimeType))];
}

function isCodec({ mimeType, sdpFmtpLine = "" }: CodecCapability, codec: VideoCodec): boolean {
  if (mimeType.toLowerCase() !== `video/${codec}`) return false;
  // Other profiles have 10 bits or more colours, which no viewer can be relied on to decode.
  return codec === "vp9" ? (/profile-id=(\d+)/.exec(sdpFmtpLine)?.[1] ?? "0") === "0" : true;
}
