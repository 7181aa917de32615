import { describe, expect, it } from "vitest";
import { defaultPacerLimits as limits } from "./pacer-limits.ts";
import { planReplay, type ReplaySituation } from "./replay-plan.ts";

const situation: ReplaySituation = {
  ageUs: 5_000_000,
  frames: 151,
  bytes: 1_630_000,
  complete: true,
  rateBps: 2_600_000,
  framesPerSecond: 30,
  keyIntervalUs: 10_000_000,
  ceiling: 8,
};

describe("planReplay", () => {
  it.each<[string, Partial<ReplaySituation>, string, number?]>([
    ["the middle of ten seconds", {}, "replay", 8],
    ["a young group", { ageUs: 100_000, frames: 4 }, "live"],
    ["few frames however old", { ageUs: 3_000_000, frames: 3 }, "live"],
    ["60 frames per second", { framesPerSecond: 60 }, "replay", 4],
    ["a rate near the bandwidth", { rateBps: 12_500_000 }, "replay", 2],
    ["a rate at the bandwidth", { rateBps: 20_000_000 }, "key-only"],
    ["a ceiling from losses", { ceiling: 3 }, "replay", 3],
    ["older than the limit", { ageUs: 11_000_001, keyIntervalUs: 20_000_000 }, "key-only"],
    ["larger than the limit", { bytes: limits.maxReplayBytes + 1 }, "key-only"],
    ["more frames than the limit", { frames: limits.maxReplayFrames + 1 }, "key-only"],
    ["no longer complete", { complete: false }, "key-only"],
    ["9 s of 10", { ageUs: 9_000_000, frames: 270 }, "replay", 8],
    ["9.9 s of 10: the next key frame is sooner", { ageUs: 9_900_000, frames: 297 }, "key-only"],
    ["9.9 s of nobody knows how many", { ageUs: 9_900_000, keyIntervalUs: undefined }, "replay", 8],
    ["a key frame long overdue", { ageUs: 9_900_000, keyIntervalUs: 2_000_000 }, "replay", 8],
    ["1.9 s of 2", { ageUs: 1_900_000, frames: 58, keyIntervalUs: 2_000_000 }, "replay", 8],
  ])("%s", (_name, change, type, factor) => {
    const plan = planReplay({ ...situation, ...change }, limits);
    expect(plan.type).toBe(type);
    if (plan.type === "replay") expect(plan.factor).toBe(factor);
  });
});
