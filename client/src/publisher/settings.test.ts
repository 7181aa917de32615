import fc from "fast-check";
import { expect, it } from "vitest";
import { bitrateLimits, boundBitrate, defaultSettings, parseSettings } from "./settings.ts";

it("takes back what was remembered", () => {
  const chosen = {
    ...defaultSettings,
    picture: "screen",
    camera: "cam-1",
    resolution: 1080,
    frameRate: 60,
    bitrateKbps: 6000,
    codec: "av1",
    simulcast: true,
    soundMode: "music",
    whenTight: "sharp",
  } as const;
  expect(parseSettings(JSON.parse(JSON.stringify(chosen)))).toEqual(chosen);
});

it("leaves out what fits nowhere", () => {
  const nonsense = {
    picture: "window",
    camera: 7,
    resolution: "720",
    frameRate: 31,
    bitrateKbps: "fast",
    codec: "h265",
    simulcast: "yes",
  };
  expect(parseSettings(nonsense)).toEqual(defaultSettings);
  for (const nothing of [undefined, null, "x", 3, []]) {
    expect(parseSettings(nothing)).toEqual(defaultSettings);
  }
});

it("keeps device ids up to 256 characters", () => {
  expect(parseSettings({ camera: "a".repeat(256) }).camera).toHaveLength(256);
  expect(parseSettings({ camera: "a".repeat(257) }).camera).toBe("");
});

it("bounds bit rates", () => {
  expect(boundBitrate(bitrateLimits.minKbps - 1)).toBe(bitrateLimits.minKbps);
  expect(boundBitrate(bitrateLimits.maxKbps + 1)).toBe(bitrateLimits.maxKbps);
  expect(parseSettings({ bitrateKbps: 1500.4 }).bitrateKbps).toBe(1500);
  expect(parseSettings({ bitrateKbps: Number.NaN }).bitrateKbps).toBeUndefined();
});

it("gives settings for any document", () => {
  fc.assert(
    fc.property(fc.anything(), (document) => {
      const settings = parseSettings(document);
      expect(parseSettings(settings)).toEqual(settings);
    }),
  );
});
