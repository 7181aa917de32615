import type { Captured } from "./capture/capture.ts";
import { type CodecCapability, codecPreferences } from "./codecs.ts";
import { type PictureSize, planAudio, planVideo } from "./encodings.ts";
import type { PublishSettings } from "./settings.ts";
import type { SoundDesk } from "./sound-desk.ts";
import type { SentMedia } from "./transports/uplink.ts";

/** The picture that is shown and sent; undefined: sound only, or nothing yet. */
export function pictureOf(
  { picture }: PublishSettings,
  { camera, screen }: Captured,
): MediaStreamTrack | undefined {
  if (picture === "none") return undefined;
  return picture === "screen" ? screen : camera;
}

/** What is sent of what is captured, and how. */
export function sentMedia(
  settings: PublishSettings,
  captured: Captured,
  desk: SoundDesk,
  capabilities: readonly CodecCapability[],
): SentMedia {
  const { microphone, screenSound } = captured;
  const picture = pictureOf(settings, captured);
  const sound = desk.mix([microphone, screenSound].filter((track) => track !== undefined));
  return {
    video: picture && { track: picture, plan: planVideo(settings, sizeOf(picture)) },
    audio: sound && { track: sound, plan: planAudio(settings, screenSound !== undefined) },
    codecs: codecPreferences(settings.codec, capabilities),
  };
}

function sizeOf(track: MediaStreamTrack): PictureSize | undefined {
  const { width, height } = track.getSettings();
  return width === undefined || height === undefined ? undefined : { width, height };
}
