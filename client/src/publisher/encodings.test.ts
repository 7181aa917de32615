import { describe, expect, it } from "vitest";
import { planAudio, planVideo, sentSize, suitableBitrate, totalBitrate } from "./encodings.ts";
import { defaultSettings } from "./settings.ts";

const hd = { width: 1280, height: 720 };

describe("one layer", () => {
  it("sends what is captured", () => {
    expect(planVideo(defaultSettings, hd)).toEqual({
      layers: [
        {
          rid: undefined,
          active: true,
          scaleResolutionDownBy: 1,
          maxBitrate: 2_500_000,
          maxFramerate: 30,
        },
      ],
      contentHint: "motion",
      degradationPreference: "balanced",
    });
  });

  it("plans for the size that was asked for while none is known", () => {
    expect(planVideo(defaultSettings, undefined)).toEqual(planVideo(defaultSettings, hd));
  });

  it("scales a large screen down to the chosen lines", () => {
    const settings = { ...defaultSettings, picture: "screen" } as const;
    const screen = { width: 2560, height: 1440 };
    expect(planVideo(settings, screen).layers[0]?.scaleResolutionDownBy).toBe(2);
    expect(sentSize(settings, screen)).toEqual(hd);
    expect(sentSize(settings, { width: 800, height: 600 })).toEqual({ width: 800, height: 600 });
  });

  it("counts lines on the shorter side, so that phones held upright are not cut down", () => {
    const upright = { width: 720, height: 1280 };
    expect(sentSize(defaultSettings, upright)).toEqual(upright);
  });

  it("takes the bit rate that was chosen", () => {
    const plan = planVideo({ ...defaultSettings, bitrateKbps: 4000 }, hd);
    expect(plan.layers[0]?.maxBitrate).toBe(4_000_000);
  });

  it("asks for fewer bits when the camera is smaller than the wish", () => {
    const plan = planVideo({ ...defaultSettings, resolution: 1080 }, { width: 640, height: 480 });
    expect(plan.layers[0]?.maxBitrate).toBe(suitableBitrate({ width: 640, height: 480 }, 30));
  });
});

describe("simulcast", () => {
  const settings = { ...defaultSettings, simulcast: true };

  it("sends three layers, the smallest first", () => {
    const { layers } = planVideo(settings, hd);
    expect(layers.map((layer) => layer.rid)).toEqual(["l", "m", "h"]);
    expect(layers.map((layer) => layer.scaleResolutionDownBy)).toEqual([4, 2, 1]);
    expect(layers.map((layer) => layer.maxBitrate)).toEqual([312_500, 883_883, 2_500_000]);
    expect(layers.every((layer) => layer.active)).toBe(true);
  });

  it("leaves out layers that would be too small, and always keeps the largest", () => {
    const lines = (height: number) =>
      planVideo(settings, { width: 2 * height, height }).layers.map((layer) => layer.active);
    expect(lines(600)).toEqual([true, true, true]);
    expect(lines(599)).toEqual([false, true, true]);
    expect(lines(299)).toEqual([false, false, true]);
    expect(lines(100)).toEqual([false, false, true]);
  });

  it("adds up what is sent", () => {
    expect(totalBitrate(planVideo(settings, { width: 640, height: 360 }))).toBe(
      880_000 + Math.round(880_000 / 2 ** 1.5),
    );
  });
});

it("finds bit rates that look good", () => {
  expect(suitableBitrate({ width: 640, height: 360 }, 30)).toBe(880_000);
  expect(suitableBitrate({ width: 854, height: 480 }, 30)).toBe(1_360_000);
  expect(suitableBitrate({ width: 1920, height: 1080 }, 30)).toBe(4_590_000);
  expect(suitableBitrate(hd, 60)).toBe(3_540_000);
  expect(suitableBitrate(hd, 15)).toBe(1_770_000);
  expect(suitableBitrate({ width: 2, height: 2 }, 15)).toBe(10_000);
});

it("hints what a screen shows and what has to give way", () => {
  const screen = { ...defaultSettings, picture: "screen" } as const;
  expect(planVideo(screen, hd)).toMatchObject({
    contentHint: "detail",
    degradationPreference: "maintain-resolution",
  });
  expect(planVideo({ ...screen, screenContent: "motion" }, hd)).toMatchObject({
    contentHint: "motion",
    degradationPreference: "balanced",
  });
  expect(planVideo({ ...screen, whenTight: "smooth" }, hd).degradationPreference).toBe(
    "maintain-framerate",
  );
  expect(planVideo({ ...defaultSettings, whenTight: "sharp" }, hd).degradationPreference).toBe(
    "maintain-resolution",
  );
});

it("gives music and screens more bits than speech", () => {
  expect(planAudio(defaultSettings, false)).toEqual({ maxBitrate: 48_000, contentHint: "speech" });
  expect(planAudio(defaultSettings, true)).toEqual({ maxBitrate: 128_000, contentHint: "" });
  const music = { ...defaultSettings, soundMode: "music" } as const;
  expect(planAudio(music, true)).toEqual({ maxBitrate: 160_000, contentHint: "music" });
});
