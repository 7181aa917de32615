import type { LayerStatus } from "@millrace/signaling/session";
import { describe, expect, it } from "vitest";
import { layerOptions, layersOf, layerText } from "./layer-options.ts";

const layer = (rid: string, height: number, active = true): LayerStatus => ({
  rid,
  width: (height * 16) / 9,
  height,
  frameRate: 30,
  bitrateBps: height * 3000,
  active,
});
const layers = [layer("l", 180), layer("m", 360), layer("h", 720, false)];
const labels = (pinned: string | null, shown: string | null) =>
  layerOptions(layers, pinned, shown).map(({ label, note, checked }) =>
    [checked ? "*" : "", label, note].filter(Boolean).join(" "),
  );

it("finds the layers of simulcast video only", () => {
  expect(layersOf([])).toEqual([]);
  expect(layersOf([{ kind: "video", codec: "vp8" }])).toEqual([]);
  expect(layersOf([{ kind: "video", codec: "vp8", layers: [layer("h", 720)] }])).toEqual([]);
  expect(
    layersOf([
      { kind: "audio", codec: "opus" },
      { kind: "video", codec: "vp8", layers },
    ]),
  ).toBe(layers);
});

describe("the menu", () => {
  it("begins with automatic, then the largest", () => {
    expect(labels(null, "m")).toEqual([
      "* Automatic now 360p",
      "720p not sent now",
      "360p 1.1 Mbit/s",
      "180p 540 kbit/s",
    ]);
  });

  it("marks what is pinned", () => {
    expect(labels("l", "l")).toEqual([
      "Automatic",
      "720p not sent now",
      "360p 1.1 Mbit/s",
      "* 180p 540 kbit/s",
    ]);
  });

  it("is automatic when the pinned layer is gone", () => {
    expect(labels("x", null)[0]).toBe("* Automatic");
  });

  it("is empty without layers, and names layers of unknown size", () => {
    expect(layerOptions([], null, null)).toEqual([]);
    const unknown = [layer("l", 0), layer("h", 0)];
    expect(layerOptions(unknown, null, null).map(({ label }) => label)).toEqual([
      "Automatic",
      "h",
      "l",
    ]);
  });
});

it("says which layer is shown, and why", () => {
  const tracks = [{ kind: "video", codec: "vp8", layers }] as const;
  expect(layerText(tracks, null, "m")).toBe("360p, automatic");
  expect(layerText(tracks, "m", "m")).toBe("360p, chosen");
  expect(layerText(tracks, "h", "m")).toBe("360p, automatic");
  expect(layerText(tracks, null, null)).toBeUndefined();
});
