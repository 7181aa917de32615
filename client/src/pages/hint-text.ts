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
};

/** A title for what the server hints; its own sentence says which setting to change. */
export function hintText(hint: Hint): HintText {
  return { code: hint.code, title: titles[hint.code] ?? "About this stream", detail: hint.message };
}
