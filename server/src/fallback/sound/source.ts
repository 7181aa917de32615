import type { TrackInfo } from "@millrace/media/frame";
import type { Stream, Track, TrackLease } from "../../core/index.ts";
import { HttpRefusal } from "../door/problem.ts";
import { framerOf, type SoundFormat } from "./format.ts";

/** A track that has the sound in its format, and what to give back with it. */
export interface SoundSource {
  readonly track: Track;
  /** Of a derived track. */
  readonly lease: TrackLease | undefined;
}

/** The stream's own track when it can be sent in this format as it is. */
export function directTrack(stream: Stream, format: SoundFormat): Track | undefined {
  const track = stream.track("audio");
  return track !== undefined && isDirect(track.info, format) ? track : undefined;
}

/**
 * Where the sound of a stream comes from: its own track, or for AAC one made from it.
 * @throws RefusedError what `checkSound` throws, `NO_TRANSCODER` 501 or what the transcoder says.
 */
export function openSource(stream: Stream, format: SoundFormat): SoundSource {
  const own = directTrack(stream, format);
  if (own !== undefined) return { track: own, lease: undefined };
  checkSound(stream, format);
  const lease = stream.acquire({ kind: "audio", codec: "aac" });
  return { track: lease.track, lease };
}

/** @throws RefusedError `STREAM_NOT_READY` 503 while no track is known, `TRACK_MISSING` 404, `SOUND_NOT_MP3` 404. */
export function checkSound(stream: Stream, format: SoundFormat): void {
  const track = stream.track("audio");
  if (track === undefined) {
    if (stream.tracks.length > 0) {
      throw new HttpRefusal("TRACK_MISSING", 404, "The stream has no audio.");
    }
    throw new HttpRefusal("STREAM_NOT_READY", 503, "The stream has no tracks yet.", {
      "Retry-After": "1",
    });
  }
  if (format === "mp3" && track.info.codec !== "mp3") {
    throw new HttpRefusal(
      "SOUND_NOT_MP3",
      404,
      "The publisher does not send MP3; use the address that ends in .aac instead.",
    );
  }
}

function isDirect(info: TrackInfo, format: SoundFormat): boolean {
  return framerOf(info, format) !== undefined;
}
