import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compactNtp,
  msToCompactNtp,
  ntpToWallMs,
  roundTripMs,
  wallMsToCompactNtp,
  wallMsToNtp,
} from "./ntp.ts";

describe("NTP time", () => {
  it("is 2,208,988,800 s ahead of Unix time", () => {
    expect(wallMsToNtp(0)).toEqual({ seconds: 2_208_988_800, fraction: 0 });
    expect(wallMsToNtp(1500)).toEqual({ seconds: 2_208_988_801, fraction: 2 ** 31 });
  });

  it("carries a fraction that rounds up", () => {
    expect(wallMsToNtp(999.999_999_999_99)).toEqual({ seconds: 2_208_988_801, fraction: 0 });
  });

  it("goes on over the end of the era in February 2036", () => {
    const wrapMs = Date.UTC(2036, 1, 7, 6, 28, 16);
    expect(wallMsToNtp(wrapMs)).toEqual({ seconds: 0, fraction: 0 });
    expect(ntpToWallMs({ seconds: 0, fraction: 0 })).toBe(wrapMs);
    expect(ntpToWallMs({ seconds: 0xffff_ffff, fraction: 0 })).toBe(wrapMs - 1000);
  });

  it("comes back to the microsecond", () => {
    const ms = fc.double({ min: 0, max: Date.UTC(2100, 0), noNaN: true });
    fc.assert(
      fc.property(ms, (wallMs) => {
        const ntp = wallMsToNtp(wallMs);
        expect(ntp.seconds).toBeLessThan(2 ** 32);
        expect(ntp.fraction).toBeLessThan(2 ** 32);
        expect(Math.abs(ntpToWallMs(ntp) - wallMs)).toBeLessThan(0.001);
      }),
    );
  });

  it("has a compact form of its middle bits", () => {
    expect(compactNtp({ seconds: 0xb710_5a3c, fraction: 0x9abc_def0 })).toBe(0x5a3c_9abc);
    expect(msToCompactNtp(1500)).toBe(98_304);
    expect(msToCompactNtp(-1)).toBe(0);
    expect(msToCompactNtp(1e12)).toBe(0xffff_ffff);
  });
});

describe("roundTripMs", () => {
  it("computes the example of RFC 3550 figure 2", () => {
    // A = 0xb710:8000 (46864.500 s), DLSR 5.250 s, LSR 0xb705:2000 (46853.125 s): delay 6.125 s.
    const nowMs = (46_864.5 + 65_536 * 34_000 - 2_208_988_800) * 1000;
    expect(wallMsToCompactNtp(nowMs)).toBe(0xb710_8000);
    expect(roundTripMs(nowMs, 0xb705_2000, 0x0005_4000)).toBeCloseTo(6125, 1);
  });

  it("goes over the wrap of the compact form", () => {
    const nowMs = ntpToWallMs({ seconds: 0xe000_0000, fraction: 0 });
    expect(wallMsToCompactNtp(nowMs)).toBe(0);
    expect(roundTripMs(nowMs, 0xffff_0000, 0)).toBe(1000);
  });

  it("is undefined without a report and for nonsense", () => {
    expect(roundTripMs(1e12, 0, 5)).toBeUndefined();
    const now = wallMsToCompactNtp(1e12);
    expect(roundTripMs(1e12, now, 65_536)).toBeUndefined();
    expect(roundTripMs(1e12, (now - 61 * 65_536) >>> 0, 0)).toBeUndefined();
    expect(roundTripMs(1e12, now, 0)).toBe(0);
  });
});
