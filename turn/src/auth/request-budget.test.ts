import { describe, expect, test } from "vitest";
import { RequestBudget, type RequestBudgetOptions } from "./index.ts";

function budget(options: Partial<RequestBudgetOptions> = {}): {
  budget: RequestBudget;
  clock: { ms: number };
} {
  const clock = { ms: 5000 };
  return { clock, budget: new RequestBudget({ nowMs: () => clock.ms, ...options }) };
}

/** Bytes that come out for so many requests of 28 bytes, each answered with 92. */
function flood(budget: RequestBudget, address: (i: number) => string, count: number): number {
  let bytes = 0;
  for (let i = 0; i < count; i++) if (budget.allows(address(i), 28, 92)) bytes += 92;
  return bytes;
}

describe("a source that proved nothing", () => {
  test("gets challenges up to its burst, then silence, and more as time passes", () => {
    const { budget: of, clock } = budget({ burstBytes: 1000, bytesPerSecond: 500 });
    expect(flood(of, () => "192.0.2.1", 100)).toBe(920);
    clock.ms += 1000;
    expect(flood(of, () => "192.0.2.1", 100)).toBe(552);
    clock.ms += 1_000_000;
    expect(flood(of, () => "192.0.2.1", 100)).toBe(920);
  });

  test("may take its burst to the last byte", () => {
    const { budget: of } = budget({ burstBytes: 184 });
    expect(of.allows("192.0.2.1", 28, 92)).toBe(true);
    expect(of.allows("192.0.2.1", 28, 92)).toBe(true);
    expect(of.allows("192.0.2.1", 28, 34)).toBe(false);
  });

  test("always gets replies up to 1.2 times its request, which cost nothing", () => {
    const { budget: of } = budget({ burstBytes: 92, bytesPerSecond: 0 });
    for (let i = 0; i < 1000; i++) expect(of.allows("192.0.2.1", 100, 120)).toBe(true);
    expect(of.sources).toBe(0);
    expect(of.allows("192.0.2.1", 100, 92)).toBe(true);
    expect(of.allows("192.0.2.1", 28, 92)).toBe(true);
    expect(of.allows("192.0.2.1", 100, 121)).toBe(false);
    expect(of.allows("192.0.2.1", 100, 120)).toBe(true);
  });

  test("cannot make 10 000 requests come back larger than 1.2 times, but for the burst", () => {
    const { budget: of } = budget();
    const out = flood(of, () => "192.0.2.1", 10_000);
    expect(out).toBeGreaterThan(65_536 - 92);
    expect(out).toBeLessThanOrEqual(65_536);
    expect(out).toBeLessThan(10_000 * 28 * 1.2);
  });

  test("does not use up what others have", () => {
    const { budget: of } = budget({ burstBytes: 92, bytesPerSecond: 0 });
    flood(of, () => "192.0.2.1", 10);
    expect(of.allows("192.0.2.2", 28, 92)).toBe(true);
  });
});

describe("sources are", () => {
  const once = { burstBytes: 92, bytesPerSecond: 0 } as const;

  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["192.0.2.1", "::ffff:192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"],
    ["2001:db8::", "2001:0db8:0:0:1::"],
    ["fe80::1%eth0", "fe80::2%eth1"],
  ])("the same: %s and %s", (one, other) => {
    const { budget: of } = budget(once);
    expect(of.allows(one, 28, 92)).toBe(true);
    expect(of.allows(other, 28, 92)).toBe(false);
    expect(of.sources).toBe(1);
  });

  test.each([
    ["192.0.2.1", "192.0.2.2"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.2"],
    ["2001:db8:1:2::1", "2001:db8:1:3::1"],
    ["::1", "::ffff:0.0.0.1"],
  ])("different: %s and %s", (one, other) => {
    const { budget: of } = budget(once);
    expect(of.allows(one, 28, 92)).toBe(true);
    expect(of.allows(other, 28, 92)).toBe(true);
  });
});

describe("forged sources", () => {
  const forged = (i: number): string => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;

  test("fill the table to its limit only", () => {
    const { budget: of } = budget({ maxSources: 100, totalBurstBytes: 1e9 });
    flood(of, forged, 100);
    expect(of.sources).toBe(100);
    for (let i = 0; i < 1000; i++) {
      of.allows(forged(1000 + i), 28, 92);
      expect(of.sources).toBeGreaterThan(50);
      expect(of.sources).toBeLessThanOrEqual(100);
    }
    const usual = budget({ totalBurstBytes: 1e9 }).budget;
    flood(usual, forged, 16_384);
    expect(usual.sources).toBe(16_384);
    flood(usual, forged, 20_000);
    expect(usual.sources).toBeLessThanOrEqual(16_384);
  });

  test("drive out who is silent, not who is busy", () => {
    const { budget: of } = budget({ maxSources: 10, burstBytes: 92, bytesPerSecond: 0 });
    expect(of.allows("192.0.2.1", 28, 92)).toBe(true);
    for (let i = 0; i < 100; i++) {
      of.allows(forged(i), 28, 92);
      expect(of.allows("192.0.2.1", 28, 92)).toBe(false);
    }
  });

  test("get no more than all sources together may", () => {
    const { budget: of, clock } = budget({ totalBurstBytes: 9200, totalBytesPerSecond: 920 });
    expect(flood(of, forged, 10_000)).toBe(9200);
    clock.ms += 1000;
    expect(flood(of, forged, 10_000)).toBe(920);
  });

  test("cannot reset the budget by a clock that goes back", () => {
    const { budget: of, clock } = budget({ burstBytes: 92, bytesPerSecond: 1 });
    expect(of.allows("192.0.2.1", 28, 92)).toBe(true);
    clock.ms -= 1_000_000;
    expect(of.allows("192.0.2.1", 28, 92)).toBe(false);
  });
});
