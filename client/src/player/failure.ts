/**
 * What a failure asks of the player.
 * `retry`: try again soon. `offline`: nobody publishes; wait for the stream. `fatal`: trying again gives the same answer.
 */
export type FailureClass = "retry" | "offline" | "fatal";

/** Codes that the player makes itself; all others come from the server. */
export type LocalFailureCode =
  | "SRC_INVALID"
  | "WEBRTC_UNSUPPORTED"
  | "SERVER_UNREACHABLE"
  | "NO_FIRST_FRAME"
  | "FROZEN"
  | "ICE_FAILED"
  | "DTLS_FAILED"
  | "NEGOTIATION_FAILED";

const offlineCodes: ReadonlySet<string> = new Set([
  "STREAM_NOT_FOUND",
  "STREAM_OFFLINE",
  "STREAM_ENDED",
  "STREAM_CLOSED",
  "PUBLISHER_GONE",
  "NOT_LIVE",
]);

/** Who asks may not, and will not later with the same token. */
export const refusedCodes: ReadonlySet<string> = new Set([
  "UNAUTHORIZED",
  "FORBIDDEN",
  "TOKEN_INVALID",
  "TOKEN_EXPIRED",
  "ADDRESS_FORBIDDEN",
  "HOOK_DENIED",
]);

const fatalCodes: ReadonlySet<string> = new Set([
  ...refusedCodes,
  "SRC_INVALID",
  "WEBRTC_UNSUPPORTED",
  "STREAM_NAME_INVALID",
  "KICKED",
]);

/** How the player goes on after the failure `code`. Unknown codes are tried again. */
export function classifyFailure(code: string): FailureClass {
  if (fatalCodes.has(code)) return "fatal";
  return offlineCodes.has(code) ? "offline" : "retry";
}

/** A title and a sentence for people. */
export interface FailureText {
  readonly title: string;
  readonly detail: string;
}

const texts: Readonly<Record<string, FailureText>> = {
  SRC_INVALID: {
    title: "No stream to play",
    detail: "The address names no stream. It should look like /live/NAME.",
  },
  STREAM_NAME_INVALID: {
    title: "Not a stream name",
    detail: "Names have one to three parts of letters, digits and . _ + -",
  },
  WEBRTC_UNSUPPORTED: {
    title: "This browser cannot play it",
    detail: "WebRTC is missing or switched off. Use a current browser.",
  },
  UNAUTHORIZED: {
    title: "Not allowed",
    detail: "This stream needs a valid link. Ask whoever sent you here for a new one.",
  },
  FORBIDDEN: {
    title: "Not allowed",
    detail: "You may not watch this stream with the link that you have.",
  },
  TOKEN_INVALID: {
    title: "Not allowed",
    detail: "The link is not one for this stream. Ask whoever sent you here for a new one.",
  },
  TOKEN_EXPIRED: {
    title: "The link is too old",
    detail: "Ask whoever sent you here for a new one.",
  },
  ACCESS_EXPIRED: { title: "Your time is over", detail: "The server is asked for more." },
  ADDRESS_FORBIDDEN: {
    title: "Not from here",
    detail: "This stream may not be watched from your network.",
  },
  HOOK_UNAVAILABLE: {
    title: "The server has to ask",
    detail: "Whether you may watch cannot be told now. It goes on by itself.",
  },
  ACCESS_UNAVAILABLE: {
    title: "The server has to ask",
    detail: "Whether you may watch cannot be told now. It goes on by itself.",
  },
  KICKED: { title: "You were disconnected", detail: "The operator ended your session." },
  SERVER_UNREACHABLE: {
    title: "Cannot reach the server",
    detail: "Check your connection. Playback goes on by itself as soon as it answers.",
  },
  NO_FIRST_FRAME: {
    title: "No picture yet",
    detail: "The stream is live but no picture arrives. A firewall may block UDP.",
  },
  ICE_FAILED: {
    title: "No way through the network",
    detail: "A media connection could not be made. A firewall may block UDP.",
  },
  DTLS_FAILED: { title: "Connection broken", detail: "The media connection was closed." },
  FROZEN: { title: "The picture froze", detail: "No new picture arrived for three seconds." },
  NEGOTIATION_FAILED: {
    title: "No common ground",
    detail: "Browser and server found no way to exchange this stream.",
  },
  CONNECTION_LOST: { title: "Connection lost", detail: "The stream broke off on its way here." },
  MEDIA_UNSUPPORTED: {
    title: "This browser cannot decode it",
    detail: "The stream's format is none that this browser plays.",
  },
  MEDIA_ERROR: { title: "Playback broke", detail: "The browser could not decode the stream." },
  LOAD_FAILED: {
    title: "The player is incomplete",
    detail: "A part of it could not be loaded. Check your connection.",
  },
  TIMEOUT: { title: "The server is slow", detail: "It did not answer in time." },
  PEER_TIMEOUT: { title: "Connection lost", detail: "The server heard nothing from this device." },
  RATE_LIMITED: { title: "Too many attempts", detail: "Playback goes on in a moment." },
  VIEWERS_FULL: { title: "The stream is full", detail: "No more viewers are let in right now." },
  SESSIONS_FULL: { title: "The server is full", detail: "No more viewers are let in right now." },
  PEERS_FULL: { title: "The server is full", detail: "No more viewers are let in right now." },
  NO_TRANSCODER: {
    title: "This stream needs converting",
    detail: "Its format does not fit WebRTC and the server has no converter installed.",
  },
  CODEC_UNSUPPORTED: {
    title: "Format not supported",
    detail: "WebRTC cannot carry this stream. Publish H.264 video with AAC or Opus sound.",
  },
  TRANSCODE_FAILED: {
    title: "Converting failed",
    detail: "The server could not convert this stream. It tries again.",
  },
  SDP_UNSUPPORTED: {
    title: "No common format",
    detail: "This browser cannot decode the stream. H.264 must be allowed in it.",
  },
  B_FRAMES: {
    title: "The encoder uses B-frames",
    detail: "WebRTC cannot show them. Set B-frames to 0 in the encoder.",
  },
  SERVER_CLOSING: { title: "The server restarts", detail: "Playback goes on in a moment." },
  SHUTTING_DOWN: { title: "The server restarts", detail: "Playback goes on in a moment." },
};

/** What to show for `code`; `message` is the server's own sentence for codes not known here. */
export function failureText(code: string, message = ""): FailureText {
  // Whoever refused says why.
  if (code === "HOOK_DENIED") return { title: "Not allowed", detail: message };
  return texts[code] ?? { title: "Playback failed", detail: message };
}
