import { expect, it } from "vitest";
import type { MediaStats } from "../player/stats-delta.ts";
import { statsRows } from "./stats-rows.ts";

const base = {
  bitrateBps: 2_000_000,
  packetsReceived: 900,
  packetsLost: 3,
  lossRatio: 0.01,
  jitterMs: 2.4,
  jitterBufferMs: 21,
};
const stats: MediaStats = {
  video: {
    ...base,
    codec: "H264",
    profile: "42e01f",
    decoder: "FFmpeg",
    width: 1280,
    height: 720,
    frameRate: 29.8,
    framesDecoded: 300,
    framesDropped: 2,
    freezes: 1,
    freezeMs: 240,
    nacks: 0,
    plis: 0,
  },
  audio: {
    ...base,
    codec: "opus",
    bitrateBps: 96_000,
    packetsLost: 1,
    lossRatio: 0,
    jitterBufferMs: 40,
    sampleRate: 48_000,
    channels: 2,
    level: 0.2,
    concealedRatio: 0,
  },
  bitrateBps: 2_096_000,
  rttMs: 11.6,
  path: { local: "host", remote: "host", protocol: "udp", relayed: false },
};

function texts(picture: Parameters<typeof statsRows>[0]): Record<string, string> {
  return Object.fromEntries(statsRows(picture).map((row) => [row.id, row.value]));
}

it("shows every figure", () => {
  const picture = { stats, latencyMs: 84.2, transport: "webrtc", layer: "720p, automatic" };
  expect(texts(picture)).toEqual({
    latency: "84 ms",
    resolution: "1280 × 720 · 30 fps",
    layer: "720p, automatic",
    "video-codec": "H.264 Constrained Baseline 3.1",
    "audio-codec": "Opus 48 kHz · 96 kbit/s",
    bitrate: "2.1 Mbit/s",
    "jitter-buffer": "21 ms · sound 40 ms",
    jitter: "2 ms",
    lost: "4 (1.0 % now)",
    freezes: "1 (240 ms)",
    dropped: "2",
    rtt: "12 ms",
    path: "host → host, UDP",
    transport: "webrtc",
  });
});

it("shows the same lines before anything is known", () => {
  const nothing = {
    stats: undefined,
    latencyMs: undefined,
    transport: undefined,
    layer: undefined,
  };
  const values = Object.values(texts(nothing));
  expect(values).toHaveLength(14);
  expect(new Set(values)).toEqual(new Set(["–"]));
});

it("takes sound alone and picture alone", () => {
  const picture = { latencyMs: undefined, transport: undefined, layer: undefined };
  const sound = texts({ ...picture, stats: { ...stats, video: undefined } });
  expect(sound).toMatchObject({ resolution: "–", "jitter-buffer": "40 ms", freezes: "–" });
  const mute = texts({ ...picture, stats: { ...stats, audio: undefined } });
  expect(mute).toMatchObject({
    "audio-codec": "–",
    "jitter-buffer": "21 ms",
    lost: "3 (1.0 % now)",
  });
});
