import type { MediaKind } from "@millrace/media/frame";
import {
  type DerivedTarget,
  type Hint,
  type PacketEncoding,
  RefusedError,
  type Stream,
  type Track,
  type TrackLease,
} from "../../core/index.ts";

import { isForwardable } from "./packet-feed.ts";

/** Which track a stream's WebRTC viewers are sent as video or audio. */
export interface SourceChoice {
  readonly track: Track | undefined;
  /** The publisher's packets to forward, smallest layer first; undefined when frames are packetised. */
  readonly encodings: readonly PacketEncoding[] | undefined;
  /** Held while the track is a derived one. */
  readonly lease: TrackLease | undefined;
  /** Why there is nothing to send although the stream has such a track. */
  readonly refusal: Hint | undefined;
}

/** What to do about B-frames, for people. */
export const bFramesMessage: string =
  "The stream has B-frames, which WebRTC cannot play. Switch them off in the encoder: " +
  "OBS Settings > Output > B-frames (bf) = 0, or ffmpeg -bf 0, or -tune zerolatency.";

const inOrderVideo: DerivedTarget = { kind: "video", codec: "h264", reorder: false };
const opusAudio: DerivedTarget = { kind: "audio", codec: "opus" };

/**
 * The publisher's own track where WebRTC can play it: H.264 without B-frames, as far as one knows by now, and Opus.
 * Otherwise one made from it, or the reason why there is none. Gives `before` back when nothing changes.
 */
export function chooseSource(
  stream: Stream,
  kind: MediaKind,
  before: SourceChoice | undefined,
): SourceChoice {
  const track = stream.track(kind);
  if (track === undefined || isPlayable(track)) {
    const encodings =
      track !== undefined && isForwardable(track) ? track.packets?.encodings : undefined;
    const same =
      before?.track === track && before?.encodings === encodings && before?.refusal === undefined;
    if (before !== undefined && same) return before;
    return { track, encodings, lease: undefined, refusal: undefined };
  }
  if (before?.lease !== undefined) return before;
  try {
    const lease = stream.acquire(kind === "video" ? inOrderVideo : opusAudio);
    return { track: lease.track, encodings: undefined, lease, refusal: undefined };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const refusal = refusalHint(track, error.code);
    const same = before?.refusal?.code === refusal.code;
    return same ? before : { track: undefined, encodings: undefined, lease: undefined, refusal };
  }
}

/** There is nothing to send because making it failed. */
export function failedSource(kind: MediaKind, code: string): SourceChoice {
  const refusal =
    kind === "audio"
      ? { code: `AUDIO_${code}`, message: "WebRTC viewers hear nothing: the sound failed here." }
      : { code, message: "WebRTC viewers see nothing: the video failed here." };
  return { track: undefined, encodings: undefined, lease: undefined, refusal };
}

function isPlayable(track: Track): boolean {
  if (isForwardable(track)) return true;
  if (track.kind === "audio") return track.info.codec === "opus";
  return track.info.codec === "h264" && track.reorders !== true;
}

function refusalHint(track: Track, code: string): Hint {
  const { codec } = track.info;
  if (track.kind === "audio") {
    return {
      code: `AUDIO_${code}`,
      message: `WebRTC viewers hear nothing: ${codec} cannot be turned into Opus here.`,
    };
  }
  if (codec === "h264") return { code: "B_FRAMES", message: bFramesMessage };
  return {
    code,
    message: `WebRTC viewers need H.264, and ${codec} cannot be turned into it here.`,
  };
}
