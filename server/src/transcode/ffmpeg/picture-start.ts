import type { Frame, VideoTrackInfo } from "@millrace/media/frame";
import type { TranscodeLimits } from "../limits.ts";
import { type FfmpegFacts, jpegArguments } from "./arguments.ts";

/** Pictures in a row that others do not refer to; more are hardly seen. */
const mostOthers = 2;
const unknownDepth = 3;
/** Below so many pictures a second none is left out. */
const manyPerSecond = 18;

/**
 * How to begin with JPEG pictures of a track of which these frames are there already: ffmpeg decodes
 * them, but encodes from the newest picture on that is sure to come out without further frames.
 */
export function pictureArguments(
  info: VideoTrackInfo,
  facts: FfmpegFacts,
  frames: readonly Frame[],
  baseUs: number,
  limits: TranscodeLimits,
): readonly string[] {
  const times = frames.map(({ ptsUs }) => ptsUs).sort((one, other) => one - other);
  const [firstUs = baseUs] = times;
  const spanUs = (times.at(-1) ?? firstUs) - firstUs;
  const perSecond = spanUs > 0 ? ((times.length - 1) * 1e6) / spanUs : 0;
  const depth = info.reorderDepth ?? unknownDepth;
  const skipOthers = depth > 0 && perSecond > manyPerSecond;
  const held = depth === 0 ? 0 : depth + mostOthers;
  const fromUs = times[Math.max(0, times.length - 1 - held)] ?? firstUs;
  return jpegArguments(info, facts, {
    fromSeconds: (fromUs - baseUs) / 1e6,
    clockSeconds: (baseUs % 1e6) / 1e6,
    maxPerSecond: limits.maxJpegPerSecond,
    maxWidth: limits.maxJpegWidth,
    skipOthers,
  });
}
