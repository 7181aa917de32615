import type { TrackStatus } from "@millrace/signaling/session";
import { type TransportName, transportNames } from "../transports/transport.ts";
import type { Capabilities } from "./capabilities.ts";

/** The order without an attribute `transports`, best first. */
export const defaultTransports: readonly TransportName[] = transportNames;

/** Most characters of an attribute `transports` that are read. */
export const maxTransportsLength = 200;

/**
 * The ways that an attribute `transports` names, in its order: `webrtc,http-flv`. Unknown names and repetitions are left
 * out; when nothing is left the attribute counts as absent.
 */
export function parseTransports(text: string | null): readonly TransportName[] {
  const words = (text ?? "")
    .slice(0, maxTransportsLength)
    .toLowerCase()
    .split(/[\s,]+/);
  const named = words.filter((word): word is TransportName =>
    (transportNames as readonly string[]).includes(word),
  );
  return named.length > 0 ? [...new Set(named)] : defaultTransports;
}

/**
 * The ladder's rungs out of the ways that are allowed: those by which this browser can play these tracks, best first.
 * WebRTC takes a TURN path by itself, so `webrtc-relay` is a rung only where `webrtc` is not. When nothing fits, all
 * of them: what they answer is the reason that the viewer reads.
 */
export function rungsFor(
  allowed: readonly TransportName[],
  capabilities: Capabilities,
  tracks: readonly TrackStatus[],
): readonly TransportName[] {
  const rungs = allowed.filter((name) => name !== "webrtc-relay" || !allowed.includes("webrtc"));
  const fit = rungs.filter((name) => canPlay(name, capabilities, tracks));
  return fit.length > 0 ? fit : rungs;
}

/** Whether this browser can play a stream with these tracks (none: not known yet) this way. */
export function canPlay(
  name: TransportName,
  capabilities: Capabilities,
  tracks: readonly TrackStatus[],
): boolean {
  const { mse, nativeHls, streams, decodes } = capabilities;
  const decodable = tracks.every((track) => decodesTrack(track, decodes));
  switch (name) {
    case "webrtc":
    case "webrtc-relay":
      // Which codecs go is found out by negotiation.
      return capabilities.webrtc;
    case "ws-flv":
      return capabilities.webSocket && mse && decodable;
    case "http-flv":
    case "long-poll":
    case "sse":
      return streams && mse && decodable;
    case "ll-hls":
      return nativeHls || (mse && decodable);
    case "mjpeg":
      return streams && (tracks.length === 0 || tracks.some((track) => track.kind === "video"));
  }
}

/**
 * One type for each codec that reaches the fallback ways as it is. The server converts the others (VP8, Opus, …) to
 * H.264 and AAC for a way that cannot carry them.
 */
const types: Readonly<Record<string, string>> = {
  h264: 'video/mp4; codecs="avc1.42E01F"',
  h265: 'video/mp4; codecs="hvc1.1.6.L93.B0"',
  av1: 'video/mp4; codecs="av01.0.04M.08"',
  aac: 'audio/mp4; codecs="mp4a.40.2"',
};

function decodesTrack(track: TrackStatus, decodes: (type: string) => boolean): boolean {
  const type = types[track.codec.toLowerCase().replace("hevc", "h265")];
  return type === undefined || decodes(type);
}
