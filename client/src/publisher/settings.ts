/** What the picture is taken from. */
export type PictureSource = "camera" | "screen" | "none";
/** Lines of the picture: its shorter side in pixels. */
export type Resolution = 360 | 480 | 720 | 1080;
export type FrameRate = 15 | 30 | 60;
export type VideoCodec = "h264" | "vp8" | "vp9" | "av1";
/** `auto` leaves the choice to the server, which takes H.264 first. */
export type CodecChoice = "auto" | VideoCodec;
/** `speech`: echo, noise and level are corrected, mono. `music`: as it sounds, stereo, more bits. */
export type SoundMode = "speech" | "music";
/** What a shared screen shows: text that must stay sharp, or films and games that must stay smooth. */
export type ScreenContent = "detail" | "motion";
/** What gives way when there is not enough bandwidth or processor: both, frames (`sharp`), or pixels (`smooth`). */
export type WhenTight = "balanced" | "sharp" | "smooth";

/** Everything that a publisher chooses. */
export interface PublishSettings {
  readonly picture: PictureSource;
  /** `deviceId`; empty: whichever the browser takes. */
  readonly camera: string;
  readonly useMicrophone: boolean;
  /** `deviceId`; empty: whichever the browser takes. */
  readonly microphone: string;
  readonly soundMode: SoundMode;
  /** The sound of a shared screen or tab too, where the browser offers it. */
  readonly screenSound: boolean;
  readonly screenContent: ScreenContent;
  readonly resolution: Resolution;
  readonly frameRate: FrameRate;
  /** Of the largest layer, kbit/s; undefined: what suits the size. */
  readonly bitrateKbps: number | undefined;
  readonly codec: CodecChoice;
  readonly simulcast: boolean;
  readonly whenTight: WhenTight;
}

export const resolutions: readonly Resolution[] = [360, 480, 720, 1080];
export const frameRates: readonly FrameRate[] = [15, 30, 60];
export const videoCodecs: readonly VideoCodec[] = ["h264", "vp8", "vp9", "av1"];

/** Bit rates that may be asked for, kbit/s. */
export const bitrateLimits: { readonly minKbps: number; readonly maxKbps: number } = {
  minKbps: 100,
  maxKbps: 20_000,
};

/** Longest device id that is remembered. */
const maxDeviceIdLength = 256;

export const defaultSettings: PublishSettings = {
  picture: "camera",
  camera: "",
  useMicrophone: true,
  microphone: "",
  soundMode: "speech",
  screenSound: true,
  screenContent: "detail",
  resolution: 720,
  frameRate: 30,
  bitrateKbps: undefined,
  codec: "auto",
  simulcast: false,
  whenTight: "balanced",
};

/** Takes what fits out of a remembered or given document; the rest is as in `otherwise`. Never throws. */
export function parseSettings(
  document: unknown,
  otherwise: PublishSettings = defaultSettings,
): PublishSettings {
  const given: Readonly<Record<string, unknown>> =
    typeof document === "object" && document !== null ? { ...document } : {};
  const one = <Value>(name: string, values: readonly Value[], fallback: Value): Value =>
    values.find((value) => value === given[name]) ?? fallback;
  const flag = (name: string, fallback: boolean): boolean => {
    const value = given[name];
    return typeof value === "boolean" ? value : fallback;
  };
  const device = (name: string, fallback: string): string => {
    const value = given[name];
    return typeof value === "string" && value.length <= maxDeviceIdLength ? value : fallback;
  };
  return {
    picture: one("picture", ["camera", "screen", "none"], otherwise.picture),
    camera: device("camera", otherwise.camera),
    useMicrophone: flag("useMicrophone", otherwise.useMicrophone),
    microphone: device("microphone", otherwise.microphone),
    soundMode: one("soundMode", ["speech", "music"], otherwise.soundMode),
    screenSound: flag("screenSound", otherwise.screenSound),
    screenContent: one("screenContent", ["detail", "motion"], otherwise.screenContent),
    resolution: one("resolution", resolutions, otherwise.resolution),
    frameRate: one("frameRate", frameRates, otherwise.frameRate),
    bitrateKbps: parseBitrate(given["bitrateKbps"], otherwise.bitrateKbps),
    codec: one("codec", ["auto", ...videoCodecs], otherwise.codec),
    simulcast: flag("simulcast", otherwise.simulcast),
    whenTight: one("whenTight", ["balanced", "sharp", "smooth"], otherwise.whenTight),
  };
}

/** The nearest bit rate that may be asked for, in whole kbit/s. */
export function boundBitrate(kbps: number): number {
  const { minKbps, maxKbps } = bitrateLimits;
  return Math.round(Math.min(maxKbps, Math.max(minKbps, kbps)));
}

function parseBitrate(value: unknown, fallback: number | undefined): number | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return fallback;
  return boundBitrate(value);
}
