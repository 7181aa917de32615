import { expect, it } from "vitest";
import type { LayerStats, SendStats } from "../publisher/send-stats-delta.ts";
import { boardFigures, layerRows } from "./board-figures.ts";

const layer: LayerStats = {
  rid: "h",
  sending: true,
  width: 1280,
  height: 720,
  frameRate: 29.7,
  bitrateBps: 2_400_000,
  limitation: "none",
  lossRatio: 0,
  encodeMs: 4,
};
const stats: SendStats = {
  video: {
    codec: "H264",
    encoder: "SimulcastEncoderAdapter (OpenH264, OpenH264)",
    layers: [
      { ...layer, rid: "l", sending: false, bitrateBps: 0 },
      { ...layer, rid: "m", width: 640, height: 360, limitation: "cpu" },
      layer,
    ],
    width: 1280,
    height: 720,
    frameRate: 29.7,
    sourceFrameRate: 30,
    bitrateBps: 3_000_000,
    limitation: "cpu",
    keyFrames: 1,
  },
  audio: { codec: "opus", channels: 2, bitrateBps: 48_000 },
  bitrateBps: 3_048_000,
  availableBps: 5_200_000,
  lossRatio: 0.042,
  packetsLost: 12,
  retransmittedRatio: 0,
  rttMs: 34,
  path: { protocol: "udp", relayed: true },
};

it("shows every figure, and which are worth a look", () => {
  const shown = boardFigures(stats).map(({ id, value, note, bad }) => [id, value, note, bad]);
  expect(shown).toEqual([
    ["bitrate", "3.0 Mbit/s", "5.2 Mbit/s would fit", false],
    ["picture", "1280 × 720", "30 frames a second", false],
    ["limited", "this computer", "", true],
    ["loss", "4.2 %", "12 packets in all", true],
    ["rtt", "34 ms", "UDP, by a relay", false],
    ["codecs", "H.264, Opus", "OpenH264", false],
  ]);
});

it("shows the same figures before anything is known", () => {
  const shown = boardFigures(undefined);
  expect(shown).toHaveLength(6);
  expect(new Set(shown.map(({ value }) => value))).toEqual(new Set(["–"]));
});

it("shows sound alone", () => {
  const figures = boardFigures({ ...stats, video: undefined });
  expect(figures.find(({ id }) => id === "codecs")?.value).toBe("Opus");
  expect(figures.find(({ id }) => id === "limited")?.value).toBe("–");
});

it("lists layers, the largest first, and what limits them", () => {
  expect(layerRows(stats).map(({ name, picture, state }) => [name, picture, state])).toEqual([
    ["Large", "1280 × 720", "sent"],
    ["Middle", "640 × 360", "limited by this computer"],
    ["Small", "–", "rests"],
  ]);
});

it("lists no layers without simulcast", () => {
  expect(layerRows(undefined)).toEqual([]);
  const video = stats.video && { ...stats.video, layers: [layer] };
  expect(layerRows({ ...stats, video })).toEqual([]);
});
