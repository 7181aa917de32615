import type { LayerStatus, StreamStatus, TrackStatus } from "@millrace/signaling/session";
import type { Stream, Track } from "../../core/index.ts";

/** What listeners are told about a stream: the same document as on socket.io, with the number of viewers. */
export function streamStatus(stream: Stream): StreamStatus {
  const { name, state } = stream;
  const { health, hints } = stream;
  const viewers = stream.viewers.size;
  if (state === "ended") return { name, state: "offline", tracks: [], hints: [], health, viewers };
  return { name, state, tracks: stream.tracks.map(trackStatus), hints, health, viewers };
}

function trackStatus(track: Track): TrackStatus {
  const { info } = track;
  if (info.kind === "audio") {
    const { codec, sampleRate, channels } = info;
    return { kind: "audio", codec, ...known({ sampleRate, channels }) };
  }
  // Of a forwarded track the layers know their size first.
  const largest = track.packets?.encodings.findLast((encoding) => encoding.width > 0);
  const { width, height } = largest ?? info;
  return { kind: "video", codec: info.codec, ...known({ width, height }), ...layersOf(track) };
}

function layersOf(track: Track): { readonly layers?: readonly LayerStatus[] } {
  const encodings = track.packets?.encodings ?? [];
  if (encodings.length < 2) return {};
  return {
    layers: encodings.map((encoding) => ({
      rid: encoding.rid ?? "",
      width: encoding.width,
      height: encoding.height,
      frameRate: Math.round(encoding.frameRate),
      bitrateBps: Math.round(encoding.bitrateBps),
      active: encoding.active,
    })),
  };
}

/** The protocol has no zeros: what is not known is absent. */
function known(figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).filter(([, figure]) => figure > 0));
}
