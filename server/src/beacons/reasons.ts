/** Reasons of switches that are told apart; the table is in `client/src/player/ladder/README.md`. */
const known: ReadonlySet<string> = new Set([
  "climb",
  "path",
  "FROZEN",
  "LOSS",
  "NO_FIRST_FRAME",
  "ICE_FAILED",
  "DTLS_FAILED",
  "NEGOTIATION_FAILED",
  "OFFER_REFUSED",
  "JOIN_TIMEOUT",
  "CONNECTION_LOST",
  "SERVER_UNREACHABLE",
  "TIMEOUT",
  "MEDIA_ERROR",
  "MEDIA_UNSUPPORTED",
  "LOAD_FAILED",
  "WEBRTC_UNSUPPORTED",
  "CODEC_UNSUPPORTED",
  "SDP_UNSUPPORTED",
  "B_FRAMES",
  "NO_TRANSCODER",
  "TRANSCODE_FAILED",
  "TRANSCODER_FULL",
  "TRANSCODER_CRASHED",
  "PEER_TIMEOUT",
  "PEERS_FULL",
  "SESSIONS_FULL",
  "RATE_LIMITED",
  "VIEWER_TOO_SLOW",
  "INTERNAL_ERROR",
  "SESSION_CLOSED",
  "STREAM_ENDED",
]);

/** The reason, or `other` when it is none that players have: it comes from outside and becomes a label. */
export function knownReason(reason: string): string {
  return known.has(reason) ? reason : "other";
}
