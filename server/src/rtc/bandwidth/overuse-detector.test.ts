import { describe, expect, it } from "vitest";
import { defaultBandwidthLimits } from "./limits.ts";
import { OveruseDetector } from "./overuse-detector.ts";
import { PacketGroups } from "./packet-groups.ts";
import { SeededRandom } from "./test-network.ts";

/** Groups every 20 ms with these delays. */
function detector(groups: number, delayMs: (index: number) => number): OveruseDetector {
  const overuse = new OveruseDetector(defaultBandwidthLimits);
  let before = delayMs(0);
  for (let i = 1; i < groups; i++) {
    const delay = delayMs(i);
    overuse.update(20_000, 20_000 + (delay - before) * 1000, i * 20_000 + delay * 1000);
    before = delay;
  }
  return overuse;
}

describe("overuse detector", () => {
  it("sees a delay that grows, shrinks or stays", () => {
    expect(detector(100, (i) => i * 3).usage).toBe("over");
    expect(detector(100, (i) => 500 - i * 3).usage).toBe("under");
    expect(detector(100, () => 40).usage).toBe("normal");
  });

  it("takes evenly distributed jitter of 20 ms for normal nearly always", () => {
    const random = new SeededRandom(5);
    const overuse = new OveruseDetector(defaultBandwidthLimits);
    let over = 0;
    let before = 0;
    for (let i = 1; i < 5_000; i++) {
      const delay = 40 * random.next();
      overuse.update(20_000, 20_000 + (delay - before) * 1000, i * 20_000 + delay * 1000);
      before = delay;
      if (overuse.usage === "over") over++;
    }
    expect(over).toBeLessThan(150);
    expect(overuse.jitterMs).toBeGreaterThan(8);
    expect(overuse.jitterMs).toBeLessThan(20);
  });

  it("answers a sudden rise before the line is fitted, but not a single late group", () => {
    const rising = detector(4, (i) => i * 60);
    expect(rising.sudden).toBe(true);
    rising.settle();
    expect(rising.sudden).toBe(false);
    expect(detector(30, (i) => (i === 15 ? 200 : 0)).sudden).toBe(false);
  });
});

describe("packet groups", () => {
  it("compares bursts of 5 ms by their last packets", () => {
    const groups = new PacketGroups(5_000);
    expect(groups.add(0, 100_000)).toBe(false);
    expect(groups.add(2_000, 103_000)).toBe(false);
    expect(groups.add(30_000, 150_000)).toBe(false);
    expect(groups.add(34_000, 154_000)).toBe(false);
    expect(groups.add(60_000, 190_000)).toBe(true);
    expect(groups.sentDeltaUs).toBe(32_000);
    expect(groups.arrivalDeltaUs).toBe(51_000);
    expect(groups.groupArrivalUs).toBe(154_000);
  });

  it("joins packets that a link held back and gave out together", () => {
    const groups = new PacketGroups(5_000);
    groups.add(0, 100_000);
    groups.add(20_000, 200_000);
    // Sent 10 ms apart, 1 ms apart at the receiver.
    expect(groups.add(30_000, 201_000)).toBe(false);
    expect(groups.add(40_000, 202_000)).toBe(false);
    expect(groups.add(80_000, 240_000)).toBe(true);
    expect(groups.sentDeltaUs).toBe(40_000);
    expect(groups.arrivalDeltaUs).toBe(102_000);
  });

  it("leaves out late packets and begins anew after a jump of the clock", () => {
    const groups = new PacketGroups(5_000);
    groups.add(0, 100_000);
    groups.add(20_000, 120_000);
    expect(groups.add(10_000, 125_000)).toBe(false);
    expect(groups.add(40_000, 9_000_000)).toBe(true);
    expect(groups.arrivalDeltaUs).toBe(20_000);
    expect(groups.add(60_000, 9_020_000)).toBe(false);
    expect(groups.add(80_000, 9_040_000)).toBe(true);
    expect(groups.arrivalDeltaUs).toBe(20_000);
  });
});
