import type { Hint } from "@millrace/signaling/session";

/** A hint as the watch page shows it. */
export interface HintText {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
}

const titles: Readonly<Record<string, string>> = {
  B_FRAMES: "The encoder uses B-frames",
  CODEC_UNSUPPORTED: "The format does not fit WebRTC",
  NO_TRANSCODER: "The sound cannot be converted here",
  KEY_INTERVAL_LONG: "Key frames are far apart",
  KEY_FRAME_MISSING: "Key frames are missing",
  ENCODER_SLOW: "The encoder does not keep up",
  SOUND_MISSING: "The sound is missing",
  AUDIO_VIDEO_APART: "Sound and picture come apart",
  SAMPLE_RATE: "The sound has to be resampled",
  FRAME_RATE_LOW: "Few pictures a second",
  FRAME_RATE_VARIABLE: "Pictures come at uneven times",
  BITRATE_UNSTEADY: "The bit rate swings",
  BITRATE_ABOVE_VIEWERS: "The bit rate is too high for many",
  TIMELINE_JUMPS: "The encoder's time jumps",
  CLOCK_DRIFT: "The encoder's clock is off",
};

/** A title for what the server hints; its own sentence says which setting to change. */
export function hintText(hint: Hint): HintText {
  return { code: hint.code, title: titles[hint.code] ?? "About this stream", detail: hint.message };
}
