import { type FailureText, failureText, refusedCodes } from "../player/failure.ts";

/** Codes that the publisher makes itself; all others come from the server, the player's texts or the devices. */
export type LocalPublishCode =
  | "SRC_INVALID"
  | "WEBRTC_UNSUPPORTED"
  | "SERVER_UNREACHABLE"
  | "SESSION_LOST"
  | "CONNECT_TIMEOUT"
  | "ICE_FAILED"
  | "DTLS_FAILED"
  | "NEGOTIATION_FAILED";

const fatalCodes: ReadonlySet<string> = new Set([
  ...refusedCodes,
  "SRC_INVALID",
  "WEBRTC_UNSUPPORTED",
  "TOKEN_TOO_LONG",
  "ORIGIN_FORBIDDEN",
  "STREAM_NAME_INVALID",
  "STREAM_BUSY",
  "TAKEN_OVER",
  "KICKED",
  "SDP_UNSUPPORTED",
]);

/** Whether trying again gives another answer. Unknown codes are tried again. */
export function isFatal(code: string): boolean {
  return fatalCodes.has(code);
}

const texts: Readonly<Record<string, FailureText>> = {
  SRC_INVALID: {
    title: "No stream to publish",
    detail: "The stream needs a name, such as live/cam.",
  },
  WEBRTC_UNSUPPORTED: {
    title: "This browser cannot publish",
    detail: "WebRTC is missing or switched off. Use a current browser.",
  },
  STREAM_BUSY: {
    title: "Somebody is live under this name",
    detail: "Choose another name, or take over: the other publisher is cut off then.",
  },
  TAKEN_OVER: {
    title: "Somebody else took over",
    detail: "This stream is now published from another place. Take over to have it back.",
  },
  KICKED: { title: "The operator ended your stream", detail: "Ask whoever runs this server." },
  UNAUTHORIZED: {
    title: "This server asks for a key",
    detail: "Enter the key that you were given for this stream, then go live again.",
  },
  FORBIDDEN: {
    title: "The key does not fit",
    detail: "It is wrong, too old, or for another stream. Ask for a new one.",
  },
  TOKEN_INVALID: {
    title: "The key does not fit",
    detail: "It is wrong, or for another stream. Ask for a new one.",
  },
  TOKEN_EXPIRED: { title: "The key is too old", detail: "Ask for a new one." },
  ACCESS_EXPIRED: { title: "Your time is over", detail: "The server is asked for more." },
  ADDRESS_FORBIDDEN: {
    title: "Not from here",
    detail: "The server takes no publishers from your network.",
  },
  HOOK_UNAVAILABLE: {
    title: "The server has to ask",
    detail: "Whether you may publish cannot be told now. It goes on by itself.",
  },
  ACCESS_UNAVAILABLE: {
    title: "The server has to ask",
    detail: "Whether you may publish cannot be told now. It goes on by itself.",
  },
  TOKEN_TOO_LONG: { title: "The key does not fit", detail: "It is longer than any key." },
  ORIGIN_FORBIDDEN: {
    title: "Not from this page",
    detail: "The server takes no connections from this web site. Its operator can allow it.",
  },
  SDP_UNSUPPORTED: {
    title: "No common format",
    detail: "The server takes none of the codecs that this browser sends. Choose another codec.",
  },
  STREAMS_FULL: {
    title: "The server is full",
    detail: "No more streams are taken right now. It goes on as soon as there is room.",
  },
  SESSIONS_FULL: { title: "The server is full", detail: "It goes on as soon as there is room." },
  PEERS_FULL: { title: "The server is full", detail: "It goes on as soon as there is room." },
  SERVER_UNREACHABLE: {
    title: "Cannot reach the server",
    detail: "Check your connection. It goes on by itself as soon as the server answers.",
  },
  SESSION_LOST: {
    title: "The server restarted",
    detail: "You are live again in a moment.",
  },
  SERVER_CLOSING: { title: "The server restarts", detail: "You are live again in a moment." },
  SHUTTING_DOWN: { title: "The server restarts", detail: "You are live again in a moment." },
  INTERRUPTED: {
    title: "The network is interrupted",
    detail: "Another way to the server is looked for.",
  },
  CONNECT_TIMEOUT: {
    title: "No way through the network",
    detail: "The server answers but no media reaches it. A firewall may block UDP. Trying again.",
  },
  ICE_FAILED: {
    title: "No way through the network",
    detail: "The server answers but no media reaches it. A firewall may block UDP. Trying again.",
  },
  PEER_TIMEOUT: {
    title: "Connection lost",
    detail: "The server heard nothing from this device. Connecting again.",
  },
  RATE_LIMITED: { title: "Too many attempts", detail: "It goes on in a moment." },
};

/** What to show for `code`; `message` is the server's own sentence for codes not known here. */
export function publishFailureText(code: string, message = ""): FailureText {
  const own = texts[code];
  if (own !== undefined) return own;
  const { title, detail } = failureText(code, message);
  return { title: title === "Playback failed" ? "Publishing failed" : title, detail };
}

/** Whether the person may be offered to put somebody else off. */
export function offersTakeOver(code: string): boolean {
  return code === "STREAM_BUSY" || code === "TAKEN_OVER";
}
