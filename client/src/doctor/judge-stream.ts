import { refusedCodes } from "../player/failure.ts";
import { type Check, type Finding, found, ok, timed } from "./check.ts";

/** What was seen of a real stream. */
export interface StreamOutcome {
  /** The player's state at the end of the look. */
  readonly state: "idle" | "connecting" | "playing" | "waiting" | "offline" | "error";
  /** From the start to the first picture or sound; undefined: none came. */
  readonly firstMs: number | undefined;
  /** The last code that the player told; empty for none. */
  readonly code: string;
  readonly transport: string | undefined;
  /** Every change of the way, as `webrtc→ws-flv ICE_FAILED`. */
  readonly switches: readonly string[];
  /** Of the time after the first picture. */
  readonly watchedMs: number;
  readonly pictures: number;
  readonly longestGapMs: number;
  readonly hasVideo: boolean;
  readonly codecs: readonly string[];
  readonly latencyMs: number | undefined;
}

/** A picture that stands longer than this is frozen; streams with few pictures are told by their own rate. */
const frozenMs = 2000;
const gapsOfRate = 3;
/** What stands nearly all the time is frozen at any rate. */
const frozenShare = 0.8;

export function judgeStream(stream: string, outcome: StreamOutcome): Check {
  const id = "stream";
  const { firstMs, code, transport } = outcome;
  const details = detailsOf(stream, outcome);
  if (firstMs === undefined) return found(...whyNothing(stream, outcome), details);
  if (outcome.hasVideo && outcome.longestGapMs >= longestGapOf(outcome)) {
    const seconds = (outcome.longestGapMs / 1000).toFixed(1);
    const message = `${stream} began, but its picture stood for ${seconds} s.`;
    return timed(found("fail", id, { ...frozen, message }, details), firstMs);
  }
  const began = `${stream} began after ${(firstMs / 1000).toFixed(1)} s`;
  if (transport !== undefined && !transport.startsWith("webrtc")) {
    const why = code === "" ? "" : ` (${code})`;
    const message = `${began}, but by ${transport} instead of WebRTC${why}.`;
    return timed(found("warn", id, { ...fallback, message }, details), firstMs);
  }
  const rate = Math.round((outcome.pictures * 1000) / Math.max(1, outcome.watchedMs));
  const pictures = outcome.hasVideo ? `, with ${rate} pictures a second` : "";
  return timed(ok(id, `${began} by WebRTC${pictures}.`, details), firstMs);
}

/** From when on a picture that stands is frozen. */
function longestGapOf({ watchedMs, pictures }: StreamOutcome): number {
  const byRate = pictures === 0 ? 0 : (gapsOfRate * watchedMs) / pictures;
  return Math.max(frozenMs, Math.min(byRate, watchedMs * frozenShare));
}

function whyNothing(
  stream: string,
  { state, code }: StreamOutcome,
): readonly ["fail" | "warn" | "skipped", "stream", Finding] {
  if (refusedCodes.has(code)) {
    return ["skipped", "stream", { ...refused, message: `You may not watch ${stream} (${code}).` }];
  }
  if (state === "offline" || state === "waiting") {
    return ["skipped", "stream", { ...offline, message: `Nobody publishes ${stream} now.` }];
  }
  if (state === "idle") {
    return ["warn", "stream", { ...tap, message: `${stream} waits for you to press play.` }];
  }
  const why = code === "" ? "" : ` (${code})`;
  return ["fail", "stream", { ...nothing, message: `Nothing of ${stream} arrives${why}.` }];
}

function detailsOf(stream: string, outcome: StreamOutcome): Check["details"] & object {
  const { state, firstMs, code, transport, switches, codecs, pictures, latencyMs } = outcome;
  return {
    stream,
    state,
    switches,
    codecs,
    pictures,
    watchedMs: Math.round(outcome.watchedMs),
    longestGapMs: Math.round(outcome.longestGapMs),
    ...(firstMs === undefined ? {} : { firstMs: Math.round(firstMs) }),
    ...(code === "" ? {} : { playerCode: code }),
    ...(transport === undefined ? {} : { transport }),
    ...(latencyMs === undefined ? {} : { latencyMs: Math.round(latencyMs) }),
  };
}

const frozen: Finding = {
  code: "DOCTOR_PICTURE_FROZEN",
  message: "",
  fix: "See what is said of UDP and TCP above; close other downloads; if others see it stand too, look at the encoder.",
};
const fallback: Finding = {
  code: "DOCTOR_STREAM_FALLBACK",
  message: "",
  fix: "See what is said of UDP, TCP and the codecs above.",
};
const refused: Finding = {
  code: "DOCTOR_STREAM_REFUSED",
  message: "",
  fix: "Ask whoever gave you the link for a new one.",
};
const offline: Finding = {
  code: "DOCTOR_STREAM_OFFLINE",
  message: "",
  fix: "Examine again while it is live.",
};
const tap: Finding = {
  code: "DOCTOR_AUTOPLAY_BLOCKED",
  message: "",
  fix: "Press play; or allow autoplay for this site, and end a low-power or data-saving mode.",
};
const nothing: Finding = {
  code: "DOCTOR_NO_PICTURE",
  message: "",
  fix: "Follow what is said above; if all of that is well, look the code up in docs/errors.md.",
};
