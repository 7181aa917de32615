import type { TrackInfo } from "@millrace/media/frame";
import type { DerivedTarget } from "../core/index.ts";
import type { TranscodeLimits } from "./limits.ts";

/** What an engine found out that it can do. */
export interface Abilities {
  /** Source codecs that it decodes. */
  readonly decoders: ReadonlySet<string>;
  /** Target codecs that it encodes. */
  readonly encoders: ReadonlySet<string>;
}

/** Why an engine cannot make this, as a stable code; undefined when it can. */
export function refusalOf(
  source: TrackInfo,
  target: DerivedTarget,
  abilities: Abilities,
  limits: TranscodeLimits,
): string | undefined {
  if (source.kind !== target.kind) return "CODEC_UNSUPPORTED";
  // Sound that is there already is taken from the source.
  if (source.kind === "audio" && source.codec === target.codec) return "CODEC_UNSUPPORTED";
  if (!abilities.encoders.has(target.codec)) return "NO_TRANSCODER";
  if (!abilities.decoders.has(source.codec)) return "CODEC_UNSUPPORTED";
  if (source.kind === "video" && source.width * source.height > limits.maxPixels) {
    return "PICTURE_TOO_LARGE";
  }
  return undefined;
}

/** The HTTP status of a refusal. */
export function refusalStatus(code: string): number {
  if (code === "NO_TRANSCODER") return 501;
  return code === "TRANSCODER_CRASHED" ? 503 : 415;
}

/** Measured: decoding one stream of sound and encoding it. */
const soundLoads = { opus: 1, aac: 3 } as const;
/** Measured at 1280x720 and 30 frames per second: decoding, and encoding every picture or ten a second. */
const videoLoadsAt720p = { h264: 25, jpeg: 15 } as const;
const pixelsOf720p = 1280 * 720;
const leastVideoLoad = 5;

/** About how much of a core a derivation takes, in percent. */
export function loadOf(source: TrackInfo, target: DerivedTarget): number {
  if (target.kind === "audio") return soundLoads[target.codec];
  const size = source.kind === "video" ? source.width * source.height : 0;
  const pixels = size || pixelsOf720p;
  const load = Math.round((videoLoadsAt720p[target.codec] * pixels) / pixelsOf720p);
  return Math.max(leastVideoLoad, load);
}
