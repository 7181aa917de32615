import type { CaptureTime, Hint, StreamStatus, TrackStatus } from "@millrace/signaling/session";
import type { Stream, Track } from "../../core/index.ts";

/** What a client is told about a stream; `extra` and `captureTime` are of its own session. */
export function streamStatus(
  name: string,
  stream: Stream | undefined,
  extra: readonly Hint[] = [],
  captureTime?: CaptureTime,
): StreamStatus {
  if (stream === undefined || stream.state === "ended") {
    return { name, state: "offline", tracks: [], hints: [] };
  }
  const known = new Set(extra.map((hint) => hint.code));
  const hints = [...stream.hints.filter((hint) => !known.has(hint.code)), ...extra];
  return {
    name,
    state: stream.state,
    tracks: stream.tracks.map(trackStatus),
    hints,
    ...(captureTime === undefined ? undefined : { captureTime }),
  };
}

function trackStatus(track: Track): TrackStatus {
  const { info } = track;
  return info.kind === "video"
    ? { kind: "video", codec: info.codec, width: info.width, height: info.height }
    : {
        kind: "audio",
        codec: info.codec,
        sampleRate: info.sampleRate,
        channels: info.channels,
      };
}
