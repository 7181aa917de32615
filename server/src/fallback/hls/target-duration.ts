import type { Stream } from "../../core/index.ts";
import type { Fmp4Part } from "../fmp4/index.ts";
import type { HlsLimits } from "./limits.ts";

/** What segments are like, found out once. */
export interface SegmentPlan {
  /** EXT-X-TARGETDURATION: whole seconds. */
  readonly targetS: number;
  /** Time between key frames. */
  readonly keyUs: number;
}

/** From the wish for a key frame to the frame. */
const requestMs = 500;
/** Segments may be longer than they were observed to be by this much and are rounded down. */
const toleranceUs = 50_000;

/**
 * How long segments become, from the key frames that were seen so far. It must not change as long as
 * the playlist lives, so what is not known yet is guessed generously.
 */
export function planSegments(
  stream: Stream,
  parts: readonly Fmp4Part[],
  requestedKeyMs: number,
  limits: HlsLimits,
): SegmentPlan {
  const video = stream.track("video");
  const segmentUs = limits.segmentMs * 1000;
  if (video === undefined) return bounded(segmentUs, partUs(parts), limits);
  const seen = [video.keyIntervalUs ?? 0, ...groupsUs(parts)];
  // Publishers that make key frames only when asked make them when they are asked.
  if (video.packets !== undefined) seen.push((requestedKeyMs + requestMs) * 1000);
  const isGuess = video.keyIntervalUs === undefined && video.packets === undefined;
  const keyUs = Math.max(isGuess ? limits.guessedKeyMs * 1000 : 1, ...seen);
  return bounded(Math.max(1, Math.round(segmentUs / keyUs)) * keyUs, keyUs, limits);
}

function bounded(segmentUs: number, keyUs: number, limits: HlsLimits): SegmentPlan {
  const wholeS = Math.ceil((segmentUs - toleranceUs) / 1_000_000);
  return { targetS: Math.min(limits.maxTargetS, Math.max(limits.minTargetS, wholeS)), keyUs };
}

/** How long each group of pictures is, as far as it is there. */
function groupsUs(parts: readonly Fmp4Part[]): number[] {
  const groups: number[] = [];
  for (const { independent, durationUs } of parts) {
    if (independent) groups.push(0);
    const last = groups.length - 1;
    if (last >= 0) groups[last] = (groups[last] ?? 0) + durationUs;
  }
  return groups;
}

function partUs(parts: readonly Fmp4Part[]): number {
  return Math.max(1, ...parts.map(({ durationUs }) => durationUs));
}
