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

const audioLoad = 1;
/** Measured: decoding and encoding 1280x720 at 30 frames per second. */
const videoLoadAt720p = 25;
const pixelsOf720p = 1280 * 720;
const leastVideoLoad = 5;

/** About how much of a core a derivation takes, in percent. */
export function loadOf(source: TrackInfo): number {
  if (source.kind === "audio") return audioLoad;
  const pixels = source.width * source.height || pixelsOf720p;
  return Math.max(leastVideoLoad, Math.round((videoLoadAt720p * pixels) / pixelsOf720p));
}
