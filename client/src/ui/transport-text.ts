import type { TransportName } from "../player/transports/transport.ts";

const names: Readonly<Record<TransportName, string>> = {
  webrtc: "WebRTC",
  "webrtc-relay": "WebRTC, relayed",
  "ws-flv": "FLV over WebSocket",
  "http-flv": "FLV over HTTP",
  "ll-hls": "LL-HLS",
  "long-poll": "Long polling",
  sse: "Events",
  mjpeg: "Pictures",
};

const reasons: Readonly<Record<string, string>> = {
  "first-frame": "first to show a picture",
  climb: "a better way came up",
  path: "another path",
  FROZEN: "the picture stood",
  LOSS: "too many packets were lost",
  NO_FIRST_FRAME: "no picture by the way before",
  ICE_FAILED: "no way for UDP",
  DTLS_FAILED: "the connection broke",
  CONNECTION_LOST: "the connection broke",
  PEER_TIMEOUT: "the connection broke",
  SERVER_UNREACHABLE: "no connection by the way before",
  MEDIA_ERROR: "the decoder failed",
  TIMEOUT: "no answer by the way before",
};

/** The name of a way for people. */
export function transportName(name: TransportName): string {
  return names[name];
}

/** `FLV over HTTP (no way for UDP)`; undefined while nothing plays. Reasons not known here are told by their code. */
export function transportText(
  name: TransportName | undefined,
  reason: string | undefined,
): string | undefined {
  if (name === undefined) return undefined;
  const why = reason && (reasons[reason] ?? reason);
  return why ? `${names[name]} (${why})` : names[name];
}
