import { describe, expect, it } from "vitest";
import { type AdviceInput, Adviser, adviceNow, adviceSeconds, warmUpSeconds } from "./advice.ts";
import type { SendStats } from "./send-stats-delta.ts";

const video: NonNullable<SendStats["video"]> = {
  codec: "H264",
  encoder: undefined,
  layers: [],
  width: 1280,
  height: 720,
  frameRate: 30,
  sourceFrameRate: 30,
  bitrateBps: 2_400_000,
  limitation: "none",
  keyFrames: 1,
};
const stats: SendStats = {
  video,
  audio: undefined,
  bitrateBps: 2_400_000,
  availableBps: 5_000_000,
  lossRatio: 0,
  packetsLost: 0,
  retransmittedRatio: 0,
  rttMs: 30,
  path: { protocol: "udp", relayed: false },
};
const well: AdviceInput = {
  stats,
  frameRate: 30,
  wantedBps: 2_500_000,
  silent: false,
  camera: true,
};
const busy: AdviceInput = { ...well, stats: { ...stats, video: { ...video, limitation: "cpu" } } };

describe("what hurts", () => {
  it("is nothing when all is well, and nothing is known", () => {
    expect(adviceNow(well)).toEqual([]);
    const unknown = { ...stats, video: undefined, lossRatio: undefined, rttMs: undefined };
    expect(adviceNow({ ...well, stats: { ...unknown, path: undefined } })).toEqual([]);
  });

  it("is a busy processor", () => {
    expect(adviceNow(busy)).toEqual(["CPU_LIMITED"]);
  });

  it("is too little bandwidth, but not a browser that is nearly there", () => {
    const limited = (bitrateBps: number) =>
      adviceNow({
        ...well,
        stats: { ...stats, video: { ...video, limitation: "bandwidth", bitrateBps } },
      });
    expect(limited(1_874_999)).toEqual(["BANDWIDTH_LIMITED"]);
    expect(limited(1_875_000)).toEqual([]);
  });

  it("is loss, distance, and TCP", () => {
    expect(adviceNow({ ...well, stats: { ...stats, lossRatio: 0.031 } })).toEqual(["UPLINK_LOSS"]);
    expect(adviceNow({ ...well, stats: { ...stats, rttMs: 301 } })).toEqual(["UPLINK_SLOW"]);
    const path = { protocol: "tcp", relayed: true };
    expect(adviceNow({ ...well, stats: { ...stats, path } })).toEqual(["PATH_TCP"]);
  });

  it("is a camera in the dark, but not a screen on which nothing moves", () => {
    const dark = { ...well, stats: { ...stats, video: { ...video, sourceFrameRate: 14 } } };
    expect(adviceNow(dark)).toEqual(["CAMERA_SLOW"]);
    expect(adviceNow({ ...dark, camera: false })).toEqual([]);
  });

  it("is a microphone that says nothing", () => {
    expect(adviceNow({ ...well, silent: true })).toEqual(["MICROPHONE_SILENT"]);
  });
});

describe("what is told", () => {
  const codes = (adviser: Adviser, input: AdviceInput) =>
    adviser.next(input).map((advice) => advice.code);

  const warm = (): Adviser => {
    const adviser = new Adviser();
    for (let second = 0; second < warmUpSeconds; second++) expect(codes(adviser, busy)).toEqual([]);
    return adviser;
  };

  it("comes after it has hurt for a while, and goes after it has been well for a while", () => {
    const adviser = warm();
    for (let second = 1; second < adviceSeconds.on; second++) {
      expect(codes(adviser, busy)).toEqual([]);
    }
    expect(codes(adviser, busy)).toEqual(["CPU_LIMITED"]);
    for (let second = 1; second < adviceSeconds.off; second++) {
      expect(codes(adviser, well)).toEqual(["CPU_LIMITED"]);
    }
    expect(codes(adviser, well)).toEqual([]);
  });

  it("is not what comes and goes", () => {
    const adviser = warm();
    for (let second = 0; second < 20; second++) {
      expect(codes(adviser, second % 2 === 0 ? busy : well)).toEqual([]);
    }
  });

  it("is forgotten with the stream", () => {
    const adviser = warm();
    for (let second = 0; second < adviceSeconds.on; second++) adviser.next(busy);
    adviser.reset();
    for (let second = 0; second < warmUpSeconds + adviceSeconds.on - 1; second++) {
      expect(codes(adviser, busy)).toEqual([]);
    }
    expect(codes(adviser, busy)).toEqual(["CPU_LIMITED"]);
  });
});
