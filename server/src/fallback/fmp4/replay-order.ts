import type { Frame, MediaKind } from "@millrace/media/frame";

/**
 * Cached frames in the order of their decoding times: a group of pictures with the sound from its key
 * frame on, or without video the newest `audioUs` of sound.
 */
export function replayOrder(
  video: readonly Frame[],
  audio: readonly Frame[],
  audioUs: number,
): readonly { readonly kind: MediaKind; readonly frame: Frame }[] {
  const startUs = video[0]?.dtsUs ?? (audio.at(-1)?.dtsUs ?? 0) - audioUs;
  const sound = audio.filter((frame) => frame.dtsUs >= startUs);
  return [
    ...video.map((frame) => ({ kind: "video" as const, frame })),
    ...sound.map((frame) => ({ kind: "audio" as const, frame })),
  ].sort((a, b) => a.frame.dtsUs - b.frame.dtsUs);
}
