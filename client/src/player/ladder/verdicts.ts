import { classifyFailure } from "../failure.ts";

/** Every rung would hear the same. */
const wholeCodes: ReadonlySet<string> = new Set([
  "SERVER_CLOSING",
  "SHUTTING_DOWN",
  "VIEWERS_FULL",
]);

/** This rung cannot carry this stream to this browser, however often it is asked. */
const unfitCodes: ReadonlySet<string> = new Set([
  "WEBRTC_UNSUPPORTED",
  "CODEC_UNSUPPORTED",
  "NO_TRANSCODER",
  "SDP_UNSUPPORTED",
  "B_FRAMES",
  "MEDIA_UNSUPPORTED",
]);

/**
 * What a rung's failure says of the others. `whole`: no other rung would do better (refused, offline, server going).
 * `unfit`: not this rung for this stream. `rung`: this time not; again after a while.
 */
export function verdictOf(code: string): "whole" | "unfit" | "rung" {
  if (unfitCodes.has(code)) return "unfit";
  return wholeCodes.has(code) || classifyFailure(code) !== "retry" ? "whole" : "rung";
}

/** Reasons of switches that the ladder makes itself; all others are the code of the failure that it answers. */
export type LadderReason =
  /** Nothing was shown before. */
  | "first-frame"
  /** A better way came up. */
  | "climb"
  /** The same transport took another path (directly, through TURN). */
  | "path"
  /** The picture stood. */
  | "FROZEN"
  /** Too many packets were lost for too long. */
  | "LOSS";
