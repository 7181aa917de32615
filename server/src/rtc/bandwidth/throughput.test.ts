import { describe, expect, it } from "vitest";
import { defaultBandwidthLimits } from "./limits.ts";
import { LinkCapacity } from "./link-capacity.ts";
import { SentRate } from "./sent-rate.ts";
import { Throughput } from "./throughput.ts";

describe("throughput", () => {
  it("says nothing of too few packets", () => {
    const throughput = new Throughput(defaultBandwidthLimits);
    for (let i = 0; i < 7; i++) throughput.add(i * 50_000, i * 50_000, 1000);
    expect(throughput.receivedBps).toBeUndefined();
    expect(throughput.measureBusy()).toBe(true);
    throughput.add(350_000, 350_000, 1000);
    expect(throughput.receivedBps).toBeCloseTo(160_000, -3);
  });

  it("measures the latest half second, at both ends", () => {
    const throughput = new Throughput(defaultBandwidthLimits);
    for (let i = 0; i < 500; i++) throughput.add(i * 10_000, i * 10_000, 500);
    expect(throughput.receivedBps).toBeCloseTo(400_000, -3);
    // From here on packets are sent every 10 ms and arrive every 20.
    for (let i = 0; i < 100; i++) throughput.add(5e6 + i * 10_000, 5e6 + i * 20_000, 500);
    expect(throughput.receivedBps).toBeCloseTo(200_000, -4);
    expect(throughput.sentBps).toBeCloseTo(400_000, -4);
  });

  it("measures what the link carries since it was idle", () => {
    const throughput = new Throughput(defaultBandwidthLimits);
    for (let i = 0; i < 40; i++) throughput.add(i * 10_000, i * 10_000 + 20_000, 1000);
    for (let i = 1; i < 20; i++) throughput.add(39e4 + i * 5_000, 41e4 + i * 20_000, 1000);
    expect(throughput.measureBusy()).toBe(true);
    expect(throughput.busyBps).toBeCloseTo(400_000, -4);
    expect(throughput.busySentUs / throughput.busyArrivalUs).toBeLessThan(0.3);
  });

  it("keeps at most so many packets", () => {
    const throughput = new Throughput({ ...defaultBandwidthLimits, maxThroughputPackets: 128 });
    for (let i = 0; i < 10_000; i++) throughput.add(i * 1000, i * 1000, 125);
    // 128 packets of a millisecond each pass for the window.
    expect(throughput.receivedBps).toBeCloseTo(1_000_000, -4);
  });

  it("begins anew when the receiver's clock was set back", () => {
    const throughput = new Throughput(defaultBandwidthLimits);
    for (let i = 0; i < 100; i++) throughput.add(i * 10_000, 60e6 + i * 10_000, 500);
    for (let i = 0; i < 100; i++) throughput.add(1e6 + i * 10_000, i * 10_000, 500);
    expect(throughput.receivedBps).toBeCloseTo(400_000, -3);
  });
});

describe("sent rate", () => {
  it("follows what is sent", () => {
    const rate = new SentRate();
    expect(rate.bps(0)).toBe(0);
    for (let i = 0; i < 300; i++) rate.add(1250, i * 10_000);
    expect(rate.bps(3e6)).toBeCloseTo(1_000_000, -5);
    expect(rate.bps(30e6)).toBeLessThan(30_000);
  });
});

describe("link capacity", () => {
  it("has narrow bounds after like measurements, and wider ones after unlike ones", () => {
    const capacity = new LinkCapacity();
    expect(capacity.meanBps).toBeUndefined();
    expect(capacity.upperBps).toBe(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 20; i++) capacity.measured(1e6);
    expect(capacity.meanBps).toBeCloseTo(1e6);
    const narrow = capacity.upperBps - capacity.lowerBps;
    for (let i = 0; i < 20; i++) capacity.measured(i % 2 ? 0.8e6 : 1.2e6);
    expect(capacity.upperBps - capacity.lowerBps).toBeGreaterThan(narrow);
    capacity.forget();
    expect(capacity.meanBps).toBeUndefined();
  });
});
