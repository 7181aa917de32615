import type { Frame } from "@millrace/media/frame";
import type { Track } from "../../core/index.ts";

export interface CachedFrame {
  readonly frame: Frame;
  readonly track: Track;
}

/**
 * What the tracks keep for late viewers, by decoding time: the group of pictures with its sound, or without
 * video the last `audioUs` microseconds of sound.
 */
export function cachedFrames(tracks: readonly Track[], audioUs: number): readonly CachedFrame[] {
  const video = tracks.find(({ kind }) => kind === "video");
  if (video !== undefined && video.cache.frames.length === 0) return [];
  const newestUs = tracks[0]?.cache.frames.at(-1)?.dtsUs ?? 0;
  const startUs = video?.cache.startUs ?? newestUs - audioUs + 1;
  const found = tracks.flatMap((track) =>
    track.cache.frames.flatMap((frame) => (frame.dtsUs < startUs ? [] : [{ frame, track }])),
  );
  // The key frame goes first even when sound has the same time.
  return found.sort((a, b) => a.frame.dtsUs - b.frame.dtsUs);
}
