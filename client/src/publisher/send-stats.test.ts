import { describe, expect, it } from "vitest";
import type { StatsEntry } from "../player/stats-entry.ts";
import { readSendStats } from "./send-stats.ts";
import { sendStatsBetween } from "./send-stats-delta.ts";

interface Moment {
  readonly seconds: number;
  readonly lost?: number;
  readonly limitation?: string;
  readonly lowActive?: boolean;
}

/** What Chromium reports about two layers and stereo sound after so many seconds. */
function report({
  seconds,
  lost = 0,
  limitation = "none",
  lowActive = true,
}: Moment): StatsEntry[] {
  const layer = (rid: string, bytesPerSecond: number, height: number, active: boolean) => ({
    id: `out-${rid}`,
    type: "outbound-rtp",
    kind: "video",
    rid,
    active,
    codecId: "codec-v",
    mediaSourceId: "source",
    remoteId: `in-${rid}`,
    bytesSent: active ? bytesPerSecond * seconds : 5000,
    packetsSent: active ? 100 * seconds : 10,
    retransmittedBytesSent: 1000 * seconds,
    framesEncoded: active ? 30 * seconds : 3,
    totalEncodeTime: 0.15 * seconds,
    frameWidth: (height * 16) / 9,
    frameHeight: height,
    targetBitrate: bytesPerSecond * 8,
    qualityLimitationReason: limitation,
    encoderImplementation: "SimulcastEncoderAdapter (libvpx, libvpx)",
    keyFramesEncoded: 1,
    nackCount: 2,
    pliCount: 1,
  });
  const remote = (id: string) => ({
    id,
    type: "remote-inbound-rtp",
    packetsLost: lost,
    fractionLost: 0.02,
    roundTripTime: 0.034,
    jitter: 0.002,
  });
  return [
    layer("h", 300_000, 720, true),
    layer("l", 50_000, 180, lowActive),
    remote("in-h"),
    remote("in-l"),
    {
      id: "out-a",
      type: "outbound-rtp",
      kind: "audio",
      codecId: "codec-a",
      bytesSent: 16_000 * seconds,
      packetsSent: 50 * seconds,
    },
    { id: "codec-v", type: "codec", mimeType: "video/VP8" },
    { id: "codec-a", type: "codec", mimeType: "audio/opus", channels: 2 },
    { id: "source", type: "media-source", kind: "video", framesPerSecond: 29 },
    { id: "transport", type: "transport", selectedCandidatePairId: "pair" },
    {
      id: "pair",
      type: "candidate-pair",
      localCandidateId: "local",
      currentRoundTripTime: 0.03,
      availableOutgoingBitrate: 4_000_000,
    },
    { id: "local", type: "local-candidate", candidateType: "relay", relayProtocol: "tcp" },
  ];
}

const sample = (moment: Moment) =>
  readSendStats(report(moment), moment.seconds * 1000, ["l", "m", "h"]);

describe("readSendStats", () => {
  it("picks what is shown, the smallest layer first", () => {
    const { video, audio, path, rttMs, availableBps } = sample({ seconds: 2 });
    expect(video?.layers.map((layer) => layer.rid)).toEqual(["l", "h"]);
    expect(video).toMatchObject({ codec: "VP8", sourceFrameRate: 29 });
    expect(video?.layers[1]).toMatchObject({ width: 1280, height: 720, remote: { rttMs: 34 } });
    expect(audio).toMatchObject({ codec: "opus", channels: 2, bytes: 32_000 });
    expect({ path, rttMs, availableBps }).toEqual({
      path: { protocol: "tcp", relayed: true },
      rttMs: 30,
      availableBps: 4_000_000,
    });
  });

  it("takes reports that hold nothing, and layers with names that nobody knows", () => {
    expect(readSendStats([], 0, [])).toEqual({
      atMs: 0,
      video: undefined,
      audio: undefined,
      rttMs: undefined,
      availableBps: undefined,
      path: undefined,
    });
    const entries = ["x", "h"].map((rid) => ({
      id: rid,
      type: "outbound-rtp",
      kind: "video",
      rid,
      qualityLimitationReason: "weather",
    }));
    const { video } = readSendStats(entries, 0, ["l", "h"]);
    expect(video?.layers.map((layer) => layer.rid)).toEqual(["h", "x"]);
    expect(video?.layers[0]?.limitation).toBe("none");
  });
});

describe("sendStatsBetween", () => {
  it("gives rates of each layer and of all", () => {
    const stats = sendStatsBetween(sample({ seconds: 1 }), sample({ seconds: 3 }));
    expect(stats.video?.layers.map((layer) => layer.bitrateBps)).toEqual([400_000, 2_400_000]);
    expect(stats.video).toMatchObject({ width: 1280, height: 720, frameRate: 30, keyFrames: 2 });
    expect(stats.video?.layers[0]?.encodeMs).toBeCloseTo(5);
    expect(stats.audio?.bitrateBps).toBe(128_000);
    expect(stats.bitrateBps).toBe(2_928_000);
    expect(stats.retransmittedRatio).toBeCloseTo(2000 / 350_000);
  });

  it("counts loss over everything that is sent", () => {
    const before = sample({ seconds: 1 });
    const stats = sendStatsBetween(before, sample({ seconds: 2, lost: 5 }));
    expect(stats.lossRatio).toBeCloseTo(10 / 250);
    expect(stats.packetsLost).toBe(10);
    expect(sendStatsBetween(before, sample({ seconds: 2 })).lossRatio).toBe(0);
    // A report of late packets takes losses back.
    const late = sendStatsBetween(sample({ seconds: 1, lost: 9 }), sample({ seconds: 2, lost: 8 }));
    expect(late.lossRatio).toBe(0);
  });

  it("names the worst limit of the layers that are sent", () => {
    const limits = (limitation: string) =>
      sendStatsBetween(sample({ seconds: 1 }), sample({ seconds: 2, limitation })).video
        ?.limitation;
    expect(limits("cpu")).toBe("cpu");
    expect(limits("bandwidth")).toBe("bandwidth");
    expect(limits("none")).toBe("none");
  });

  it("tells a layer that rests from one that is sent", () => {
    const stats = sendStatsBetween(
      sample({ seconds: 1, lowActive: false }),
      sample({ seconds: 2, lowActive: false, limitation: "bandwidth" }),
    );
    expect(stats.video?.layers.map((layer) => layer.sending)).toEqual([false, true]);
    expect(stats.video?.height).toBe(720);
  });

  it("has no rates with one sample, nor over two sessions", () => {
    const one = sendStatsBetween(undefined, sample({ seconds: 2 }));
    expect(one).toMatchObject({ bitrateBps: undefined, lossRatio: undefined, rttMs: 30 });
    expect(one.video?.layers[1]?.sending).toBe(true);
    const backwards = sendStatsBetween(sample({ seconds: 9 }), sample({ seconds: 1 }));
    expect(backwards.bitrateBps).toBeUndefined();
    expect(backwards.lossRatio).toBeUndefined();
    expect(backwards.retransmittedRatio).toBeUndefined();
  });
});
