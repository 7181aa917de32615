import type { PublishSettings } from "./settings.ts";

/** Size of what a camera or screen gives, in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** One encoding of a video sender, as `RTCRtpEncodingParameters`. */
export interface LayerPlan {
  /** Undefined when there is one layer only (RFC 8851: rids are for simulcast). */
  readonly rid: string | undefined;
  readonly active: boolean;
  readonly scaleResolutionDownBy: number;
  /** Bits a second. */
  readonly maxBitrate: number;
  readonly maxFramerate: number;
}

/** How a video track is sent. */
export interface VideoPlan {
  /** The smallest picture first. */
  readonly layers: readonly LayerPlan[];
  readonly contentHint: "" | "motion" | "detail" | "text";
  readonly degradationPreference: RTCDegradationPreference;
}

/** How a sound track is sent. */
export interface AudioPlan {
  /** Bits a second. */
  readonly maxBitrate: number;
  readonly contentHint: "" | "speech" | "music";
}

/** Names of the layers (RFC 8852), the smallest first, and by how much they are scaled down. */
export const simulcastLayers: readonly { readonly rid: string; readonly scale: number }[] = [
  { rid: "l", scale: 4 },
  { rid: "m", scale: 2 },
  { rid: "h", scale: 1 },
];

/** A layer with fewer lines than this shows nothing worth its bits. */
export const minLayerLines = 150;

/** What 1280 × 720 at 30 frames a second looks good with, bits a second. */
const referenceBps = 2_500_000;
const referencePixels = 1280 * 720;
/** Bits grow slower than pixels: neighbours resemble each other more in a larger picture. */
const pixelExponent = 0.75;
const frameExponent = 0.5;
const stepBps = 10_000;

const speechBps = 48_000;
const musicBps = 160_000;
/** A shared screen's sound may be anything, and is stereo. */
const screenSoundBps = 128_000;

/** A bit rate that suits pictures of that size and rate, bits a second. */
export function suitableBitrate(size: PictureSize, frameRate: number): number {
  const pixels = Math.max(1, size.width * size.height) / referencePixels;
  const bps = referenceBps * pixels ** pixelExponent * (frameRate / 30) ** frameExponent;
  return Math.max(stepBps, Math.round(bps / stepBps) * stepBps);
}

/** The size that is sent of what is captured: its shorter side is at most the chosen number of lines. */
export function sentSize(
  settings: PublishSettings,
  captured: PictureSize | undefined,
): PictureSize {
  const size = captured ?? wantedSize(settings);
  const scale = downscale(settings, size);
  return { width: Math.round(size.width / scale), height: Math.round(size.height / scale) };
}

/** The size of a 16:9 picture of the chosen resolution. */
export function wantedSize({ resolution }: Pick<PublishSettings, "resolution">): PictureSize {
  return { width: Math.ceil((resolution * 16) / 9 / 2) * 2, height: resolution };
}

/** How video that is captured in that size is to be sent; without a size, as if in the one that was asked for. */
export function planVideo(settings: PublishSettings, captured: PictureSize | undefined): VideoPlan {
  const { frameRate } = settings;
  const size = captured ?? wantedSize(settings);
  const base = downscale(settings, size);
  const sent = sentSize(settings, captured);
  const lines = Math.min(sent.width, sent.height);
  const chosenBps =
    settings.bitrateKbps === undefined
      ? suitableBitrate(sent, frameRate)
      : settings.bitrateKbps * 1000;
  const layers = settings.simulcast ? simulcastLayers : [{ rid: undefined, scale: 1 }];
  return {
    layers: layers.map(({ rid, scale }) => ({
      rid,
      active: scale === 1 || lines / scale >= minLayerLines,
      scaleResolutionDownBy: base * scale,
      maxBitrate: Math.round(chosenBps * scale ** (-2 * pixelExponent)),
      maxFramerate: frameRate,
    })),
    contentHint: contentHint(settings),
    degradationPreference: degradationPreference(settings),
  };
}

/** How sound is to be sent. `fromScreen`: a shared screen's sound is in it. */
export function planAudio({ soundMode }: PublishSettings, fromScreen: boolean): AudioPlan {
  if (soundMode === "music") return { maxBitrate: musicBps, contentHint: "music" };
  if (fromScreen) return { maxBitrate: screenSoundBps, contentHint: "" };
  return { maxBitrate: speechBps, contentHint: "speech" };
}

/** Bits a second of all layers together, at most. */
export function totalBitrate({ layers }: VideoPlan): number {
  return layers.reduce((sum, layer) => sum + (layer.active ? layer.maxBitrate : 0), 0);
}

function downscale({ resolution }: PublishSettings, { width, height }: PictureSize): number {
  const lines = Math.min(width, height);
  return lines > resolution ? lines / resolution : 1;
}

function contentHint({ picture, screenContent }: PublishSettings): VideoPlan["contentHint"] {
  if (picture === "screen") return screenContent;
  return picture === "camera" ? "motion" : "";
}

function degradationPreference(settings: PublishSettings): RTCDegradationPreference {
  switch (settings.whenTight) {
    case "sharp":
      return "maintain-resolution";
    case "smooth":
      return "maintain-framerate";
    case "balanced":
      // Letters that are scaled down cannot be read.
      return settings.picture === "screen" && settings.screenContent === "detail"
        ? "maintain-resolution"
        : "balanced";
  }
}
