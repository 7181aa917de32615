import { wantedSize } from "../encodings.ts";
import type { PublishSettings } from "../settings.ts";

/** Which way a phone's camera looks. */
export type Facing = "user" | "environment";

/** What `getDisplayMedia` takes (W3C screen-capture), which not every browser knows in full. */
export interface DisplayOptions {
  readonly video: MediaTrackConstraints;
  readonly audio: MediaTrackConstraints | boolean;
  readonly systemAudio: "include" | "exclude";
  readonly surfaceSwitching: "include";
  readonly selfBrowserSurface: "exclude";
}

/** What to ask of a camera. A device that was chosen is asked for exactly; else `facing` is a wish. */
export function cameraConstraints(
  settings: PublishSettings,
  facing: Facing | undefined,
): MediaTrackConstraints {
  const { width, height } = wantedSize(settings);
  return {
    ...deviceConstraint(settings.camera),
    ...(settings.camera === "" && facing !== undefined && { facingMode: { ideal: facing } }),
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: settings.frameRate },
  };
}

/** What to change of a camera that is open already. */
export function cameraChanges(settings: PublishSettings): MediaTrackConstraints {
  const { width, height } = wantedSize(settings);
  return {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: settings.frameRate },
  };
}

/** What to ask of a microphone. */
export function microphoneConstraints(settings: PublishSettings): MediaTrackConstraints {
  return { ...deviceConstraint(settings.microphone), ...soundProcessing(settings) };
}

/** What to ask of the dialog in which a screen is chosen. */
export function displayOptions(settings: PublishSettings): DisplayOptions {
  return {
    // Not smaller than it is: letters are scaled by the encoder, once.
    video: { frameRate: { ideal: settings.frameRate } },
    audio: settings.screenSound
      ? { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
      : false,
    systemAudio: settings.screenSound ? "include" : "exclude",
    surfaceSwitching: "include",
    selfBrowserSurface: "exclude",
  };
}

function soundProcessing({ soundMode }: PublishSettings): MediaTrackConstraints {
  const speech = soundMode === "speech";
  return {
    echoCancellation: speech,
    noiseSuppression: speech,
    autoGainControl: speech,
    channelCount: { ideal: speech ? 1 : 2 },
  };
}

function deviceConstraint(id: string): MediaTrackConstraints {
  return id === "" ? {} : { deviceId: { exact: id } };
}
