import { describe, expect, it } from "vitest";
import { readStats } from "./stats.ts";
import { hasProgress, statsBetween } from "./stats-delta.ts";
import type { StatsEntry } from "./stats-entry.ts";

/** A report in Chromium's shape. */
function report(seconds: number): StatsEntry[] {
  return [
    { id: "T01", type: "transport", selectedCandidatePairId: "CP2" },
    { id: "CP1", type: "candidate-pair", currentRoundTripTime: 9, localCandidateId: "I0" },
    {
      id: "CP2",
      type: "candidate-pair",
      currentRoundTripTime: 0.012,
      localCandidateId: "I1",
      remoteCandidateId: "I2",
    },
    { id: "I1", type: "local-candidate", candidateType: "srflx", protocol: "udp" },
    { id: "I2", type: "remote-candidate", candidateType: "host", protocol: "udp" },
    {
      id: "C96",
      type: "codec",
      mimeType: "video/H264",
      clockRate: 90_000,
      sdpFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    },
    { id: "C111", type: "codec", mimeType: "audio/opus", clockRate: 48_000, channels: 2 },
    {
      id: "IV",
      type: "inbound-rtp",
      kind: "video",
      codecId: "C96",
      bytesReceived: 250_000 * seconds,
      packetsReceived: 200 * seconds,
      packetsLost: 2 * seconds,
      jitter: 0.003,
      jitterBufferDelay: 0.6 * seconds,
      jitterBufferEmittedCount: 30 * seconds,
      framesDecoded: 30 * seconds,
      framesDropped: 1,
      freezeCount: 2,
      totalFreezesDuration: 0.5,
      frameWidth: 1280,
      frameHeight: 720,
      nackCount: 4,
      pliCount: 1,
      decoderImplementation: "FFmpeg",
    },
    {
      id: "IA",
      type: "inbound-rtp",
      kind: "audio",
      codecId: "C111",
      bytesReceived: 16_000 * seconds,
      packetsReceived: 50 * seconds,
      packetsLost: 0,
      jitter: 0.001,
      totalSamplesReceived: 48_000 * seconds,
      concealedSamples: 480 * seconds,
      audioLevel: 0.25,
    },
  ];
}

describe("readStats", () => {
  it("reads codec, size and the selected path", () => {
    const sample = readStats(report(1), 1000);
    expect(sample.video).toMatchObject({
      codec: "H264",
      profile: "42e01f",
      decoder: "FFmpeg",
      width: 1280,
      height: 720,
      jitterMs: 3,
      freezeMs: 500,
    });
    expect(sample.audio).toMatchObject({ codec: "opus", sampleRate: 48_000, channels: 2 });
    expect(sample.rttMs).toBeCloseTo(12);
    expect(sample.path).toEqual({
      local: "srflx",
      remote: "host",
      protocol: "udp",
      relayed: false,
    });
  });

  it("names the protocol to the relay", () => {
    const entries = report(1).map((entry) =>
      entry["id"] === "I1" ? { ...entry, candidateType: "relay", relayProtocol: "tls" } : entry,
    );
    expect(readStats(entries, 0).path).toMatchObject({ protocol: "tls", relayed: true });
  });

  it("finds the pair without a transport entry, as in Firefox", () => {
    const entries = report(1)
      .filter((entry) => entry["type"] !== "transport")
      .map((entry) => (entry["id"] === "CP2" ? { ...entry, selected: true } : entry));
    expect(readStats(entries, 0).path?.local).toBe("srflx");
    const nominated = entries.map((entry) =>
      entry["id"] === "CP2"
        ? { ...entry, selected: undefined, nominated: true, state: "succeeded" }
        : entry,
    );
    expect(readStats(nominated, 0).rttMs).toBeCloseTo(12);
  });

  it("takes an empty or odd report", () => {
    const empty = {
      atMs: 5,
      video: undefined,
      audio: undefined,
      rttMs: undefined,
      path: undefined,
    };
    expect(readStats([], 5)).toEqual(empty);
    const odd = [{ id: 1, type: "inbound-rtp", kind: "video", bytesReceived: "x", jitter: null }];
    expect(readStats(odd, 5).video).toMatchObject({ bytes: 0, jitterMs: undefined });
  });
});

describe("statsBetween", () => {
  it("gives rates over the span", () => {
    const stats = statsBetween(readStats(report(1), 1000), readStats(report(3), 3000));
    expect(stats.video?.frameRate).toBeCloseTo(30);
    expect(stats.video?.bitrateBps).toBeCloseTo(2_000_000);
    expect(stats.audio?.bitrateBps).toBeCloseTo(128_000);
    expect(stats.bitrateBps).toBeCloseTo(2_128_000);
    expect(stats.video?.jitterBufferMs).toBeCloseTo(20);
    expect(stats.video?.lossRatio).toBeCloseTo(4 / 404);
    expect(stats.audio?.lossRatio).toBe(0);
    expect(stats.audio?.concealedRatio).toBeCloseTo(0.01);
  });

  it("gives no rates for a first sample", () => {
    const stats = statsBetween(undefined, readStats(report(2), 2000));
    expect(stats.video).toMatchObject({ frameRate: undefined, framesDecoded: 60, freezes: 2 });
    expect(stats.bitrateBps).toBeUndefined();
    expect(stats.audio?.concealedRatio).toBeUndefined();
  });

  it("gives no rates across two sessions, or for no span", () => {
    const later = statsBetween(readStats(report(9), 1000), readStats(report(1), 2000));
    expect(later.video?.frameRate).toBeUndefined();
    expect(later.video?.jitterBufferMs).toBeUndefined();
    const none = statsBetween(readStats(report(1), 1000), readStats(report(1), 1000));
    expect(none.video?.bitrateBps).toBeUndefined();
    expect(none.video?.lossRatio).toBeUndefined();
  });
});

describe("hasProgress", () => {
  it("asks for decoded pictures, or for sound when there is no picture", () => {
    const one = readStats(report(1), 0);
    const two = readStats(report(2), 0);
    expect(hasProgress(one, two, true)).toBe(true);
    expect(hasProgress(two, two, true)).toBe(false);
    expect(hasProgress(undefined, one, true)).toBe(true);
    expect(hasProgress(one, two, false)).toBe(true);
    expect(hasProgress(two, two, false)).toBe(false);
    expect(hasProgress(undefined, readStats([], 0), false)).toBe(false);
  });
});
