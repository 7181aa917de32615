import type {
  CaptureTime,
  Hint,
  LayerStatus,
  StreamStatus,
  TrackStatus,
} from "@millrace/signaling/session";
import type { Stream, Track } from "../../core/index.ts";

/** What a client is told about a stream; `extra` and `captureTime` are of its own session. */
export function streamStatus(
  name: string,
  stream: Stream | undefined,
  extra: readonly Hint[] = [],
  captureTime?: CaptureTime,
): StreamStatus {
  if (stream === undefined || stream.state === "ended") {
    const health = stream && { health: stream.health };
    return { name, state: "offline", tracks: [], hints: [], ...health };
  }
  const known = new Set(extra.map((hint) => hint.code));
  const hints = [...stream.hints.filter((hint) => !known.has(hint.code)), ...extra];
  return {
    name,
    state: stream.state,
    tracks: stream.tracks.map(trackStatus),
    hints,
    health: stream.health,
    ...(captureTime === undefined ? undefined : { captureTime }),
  };
}

function trackStatus(track: Track): TrackStatus {
  const { info } = track;
  return info.kind === "video"
    ? {
        kind: "video",
        codec: info.codec,
        ...pictureSize(track, info.width, info.height),
        ...layers(track),
      }
    : {
        kind: "audio",
        codec: info.codec,
        sampleRate: info.sampleRate,
        channels: info.channels,
      };
}

/** Of the largest layer, as its latest key frame told; a forwarded track's own description does not change with it. */
function pictureSize(
  track: Track,
  width: number,
  height: number,
): { readonly width: number; readonly height: number } {
  const largest = track.packets?.encodings.findLast((encoding) => encoding.width > 0);
  return largest === undefined
    ? { width, height }
    : { width: largest.width, height: largest.height };
}

function layers(track: Track): { readonly layers?: readonly LayerStatus[] } {
  const encodings = track.packets?.encodings ?? [];
  if (encodings.length < 2) return {};
  return {
    layers: encodings.map(({ rid, width, height, frameRate, bitrateBps, active }) => ({
      rid: rid ?? "",
      width,
      height,
      frameRate: Math.round(frameRate),
      bitrateBps: Math.round(bitrateBps),
      active,
    })),
  };
}
