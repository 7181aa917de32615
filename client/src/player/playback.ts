/** The part of a `<video>` that playback needs. */
export interface PlayableMedia {
  muted: boolean;
  play(): Promise<void>;
}

/** How a start of playback ended. `superseded`: what was started is not wanted any more. */
export type PlaybackOutcome = "playing" | "playing-muted" | "blocked" | "superseded";

/**
 * Starts the attached media, with sound if the browser lets it, else muted. Browsers name the reason of a
 * refusal differently, so every refusal counts. `current` tells whether the media is still attached and
 * wanted: a pause or other media make the browser refuse too.
 */
export async function startPlayback(
  media: PlayableMedia,
  current: () => boolean,
): Promise<PlaybackOutcome> {
  const wasMuted = media.muted;
  for (const muted of wasMuted ? [true] : [false, true]) {
    media.muted = muted;
    try {
      await media.play();
      if (!current()) return "superseded";
      return muted === wasMuted ? "playing" : "playing-muted";
    } catch {
      if (!current()) {
        media.muted = wasMuted;
        return "superseded";
      }
    }
  }
  media.muted = wasMuted;
  return "blocked";
}
