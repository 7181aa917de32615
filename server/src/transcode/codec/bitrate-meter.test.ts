import { describe, expect, it } from "vitest";
import { BitrateMeter } from "./bitrate-meter.ts";

describe("BitrateMeter", () => {
  it("knows nothing before two seconds and then what came in them", () => {
    const meter = new BitrateMeter();
    for (let index = 0; index < 50; index++) meter.push(index * 40_000, 1000);
    expect(meter.bitrateBps).toBeUndefined();
    meter.push(2_000_000, 1000);
    expect(meter.bitrateBps).toBe(200_000);
  });

  it("guesses the frame rate, then knows it", () => {
    const meter = new BitrateMeter();
    expect(meter.framesPerSecond).toBe(30);
    meter.push(0, 1);
    meter.push(1, 1);
    expect(meter.framesPerSecond).toBe(30);
    for (const us of [40_000, 80_000, 160_000]) meter.push(us, 1);
    expect(meter.framesPerSecond).toBeCloseTo(25, 1);
  });

  it("does not count a pause", () => {
    const meter = new BitrateMeter();
    meter.push(0, 1000);
    meter.push(60_000_000, 1000);
    expect(meter.bitrateBps).toBeUndefined();
  });
});
