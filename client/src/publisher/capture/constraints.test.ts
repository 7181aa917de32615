import { expect, it } from "vitest";
import { defaultSettings } from "../settings.ts";
import { cameraConstraints, displayOptions, microphoneConstraints } from "./constraints.ts";

it("asks for any camera in the chosen size", () => {
  expect(cameraConstraints(defaultSettings, undefined)).toEqual({
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30 },
  });
});

it("asks for the chosen camera exactly, whichever way it looks", () => {
  const settings = { ...defaultSettings, camera: "cam-1", resolution: 480 } as const;
  expect(cameraConstraints(settings, "user")).toEqual({
    deviceId: { exact: "cam-1" },
    width: { ideal: 854 },
    height: { ideal: 480 },
    frameRate: { ideal: 30 },
  });
});

it("wishes for a camera that looks the wanted way", () => {
  expect(cameraConstraints(defaultSettings, "environment").facingMode).toEqual({
    ideal: "environment",
  });
});

it("corrects speech and leaves music alone", () => {
  expect(microphoneConstraints(defaultSettings)).toEqual({
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    channelCount: { ideal: 1 },
  });
  const music = { ...defaultSettings, soundMode: "music", microphone: "mic-1" } as const;
  expect(microphoneConstraints(music)).toEqual({
    deviceId: { exact: "mic-1" },
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
    channelCount: { ideal: 2 },
  });
});

it("asks for a screen's sound only when it is wanted", () => {
  expect(displayOptions(defaultSettings)).toMatchObject({ systemAudio: "include" });
  expect(displayOptions({ ...defaultSettings, screenSound: false })).toMatchObject({
    audio: false,
    systemAudio: "exclude",
  });
});
