import { describe, expect, it } from "vitest";
import { ReceptionStatistics } from "./reception.ts";

describe("ReceptionStatistics", () => {
  it("has nothing to report before the first packet", () => {
    expect(new ReceptionStatistics(1, 90_000).report(0)).toBeUndefined();
  });

  it("counts losses over the wrap, in all and since the last report", () => {
    const statistics = new ReceptionStatistics(7, 90_000);
    for (const sequence of [65_530, 65_531, 65_534, 1]) statistics.packet(sequence, 0, 0);
    expect(statistics.report(0)).toMatchObject({
      ssrc: 7,
      fractionLost: Math.floor((4 * 256) / 8),
      cumulativeLost: 4,
      highestSequence: 65_537,
    });
    for (const sequence of [2, 3, 4, 5]) statistics.packet(sequence, 0, 0);
    expect(statistics.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 4 });
    // What arrives after all makes up for a loss, down to below zero for duplicates.
    for (const sequence of [65_532, 65_533, 65_535, 0, 0]) statistics.packet(sequence, 0, 0);
    expect(statistics.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: -1 });
    expect(statistics.receivedPackets).toBe(13);
  });

  it("smooths the jitter as RFC 3550 appendix A.8 does", () => {
    const statistics = new ReceptionStatistics(7, 90_000);
    statistics.packet(0, 1000, 0);
    statistics.packet(1, 1000 + 3000, 33.333_333);
    expect(statistics.report(0)?.jitter).toBe(0);
    statistics.packet(2, 1000 + 6000, 76.666_666);
    expect(statistics.report(0)?.jitter).toBe(Math.floor(900 / 16));
    // The other packets of the same frame change nothing.
    statistics.packet(3, 1000 + 6000, 90);
    expect(statistics.report(0)?.jitter).toBe(Math.floor(900 / 16));
  });

  it("says how long ago the last sender report came", () => {
    const statistics = new ReceptionStatistics(7, 48_000);
    statistics.packet(0, 0, 0);
    expect(statistics.report(500)).toMatchObject({
      lastSenderReport: 0,
      delaySinceLastSenderReport: 0,
    });
    statistics.senderReport(0x1234_5678, 1000);
    expect(statistics.report(1500)).toMatchObject({
      lastSenderReport: 0x1234_5678,
      delaySinceLastSenderReport: 32_768,
    });
  });
});
