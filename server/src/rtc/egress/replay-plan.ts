import type { PacerLimits } from "./pacer-limits.ts";

/** What is known about the group of pictures that a viewer joins. */
export interface ReplaySituation {
  /** From its key frame to its latest frame, microseconds. */
  readonly ageUs: number;
  readonly frames: number;
  /** Wire bytes. */
  readonly bytes: number;
  /** All of it is still kept. */
  readonly complete: boolean;
  /** Bit rate of the stream on the wire. */
  readonly rateBps: number;
  readonly framesPerSecond: number;
  /** Time between the last key frames; undefined while unknown. */
  readonly keyIntervalUs: number | undefined;
  /** The most that losses let us try, as a multiple of the stream's rate. */
  readonly ceiling: number;
}

export type ReplayPlan =
  /** Send what there is; it is next to nothing. */
  | { readonly type: "live" }
  /** Replay so many times as fast as the stream. */
  | { readonly type: "replay"; readonly factor: number }
  /** Show the key frame and wait for the next one. */
  | { readonly type: "key-only" };

/** A key frame that is later than the interval by this much: the interval was no interval. */
const overdue = 1.1;

/** Decides how a viewer starts in the middle of a group of pictures. Pure. */
export function planReplay(situation: ReplaySituation, limits: PacerLimits): ReplayPlan {
  const { ageUs, frames, bytes, complete, rateBps, keyIntervalUs } = situation;
  if (!complete) return { type: "key-only" };
  if (ageUs <= limits.youngUs || frames <= limits.youngFrames) return { type: "live" };
  const factor = Math.min(
    limits.maxFactor,
    situation.ceiling,
    limits.bandwidthBps / Math.max(rateBps, 1),
    limits.maxFramesPerSecond / Math.max(situation.framesPerSecond, 1),
  );
  if (
    factor < limits.minFactor ||
    ageUs > limits.maxReplayUs ||
    bytes > limits.maxReplayBytes ||
    frames > limits.maxReplayFrames
  ) {
    return { type: "key-only" };
  }
  const catchUpUs = ageUs / (factor - 1);
  const keyKnown = keyIntervalUs !== undefined && ageUs <= keyIntervalUs * overdue;
  const untilKeyUs = keyKnown ? Math.max(0, keyIntervalUs - ageUs) : Number.POSITIVE_INFINITY;
  return catchUpUs < untilKeyUs + 1_000_000 ? { type: "replay", factor } : { type: "key-only" };
}
