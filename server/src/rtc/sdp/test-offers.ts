import { readFileSync } from "node:fs";

/** Offers as they come, each a file of `test-offers`; those of OBS, ffmpeg and Firefox are modelled on theirs. */
export type OfferName =
  | `chromium-${"camera" | "data" | "extensions" | "screen" | "sendrecv" | "vp8" | "viewer-data"}`
  | `chromium-simulcast${"" | "-paused"}`
  | "ffmpeg"
  | "firefox"
  | "gstreamer"
  | "obs"
  | "obs-simulcast";

/** The offer with the line ends of SDP. */
export function testOffer(name: OfferName): string {
  const url = new URL(`./test-offers/${name}.sdp`, import.meta.url);
  return readFileSync(url, "utf8").replaceAll("\n", "\r\n");
}
