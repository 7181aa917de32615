import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AudioTimes } from "./audio-times.ts";

const length = 1024;
const frameUs = (length / 48_000) * 1e6;

describe("AudioTimes", () => {
  it("puts frames end to end although their times are rounded to milliseconds", () => {
    const times = new AudioTimes(48_000);
    let end: number | undefined;
    for (let at = 0; at < 500; at++) {
      const place = times.place(Math.floor((at * frameUs) / 1000) * 1000, length) ?? -1;
      if (end !== undefined) expect(Math.abs(place - end)).toBeLessThanOrEqual(1);
      end = place + length;
      expect(Math.abs(place - at * length)).toBeLessThan(60);
    }
  });

  it("follows a clock that drifts", () => {
    const times = new AudioTimes(48_000);
    let worst = 0;
    for (let at = 0; at < 20_000; at++) {
      const us = at * frameUs * 1.0005;
      const place = times.place(us, length) ?? -1;
      worst = Math.max(worst, Math.abs(place - (us * 48) / 1000));
    }
    expect(worst).toBeLessThan(48 * 5);
  });

  it("leaves a gap where there is one", () => {
    const times = new AudioTimes(48_000);
    expect(times.place(0, length)).toBe(0);
    expect(times.place(500_000, length)).toBe(24_000);
  });

  it("leaves frames out that come on top of others, and goes on after them", () => {
    const times = new AudioTimes(48_000);
    for (let at = 0; at < 3; at++) expect(times.place(at, length)).toBe(at * length);
    expect(times.place(3, length)).toBeUndefined();
    expect(times.place(100_000, length)).toBeGreaterThanOrEqual(3 * length);
  });

  it("leaves out what was before the stream began", () => {
    expect(new AudioTimes(48_000).place(-1000, length)).toBeUndefined();
  });

  it("never goes back", () => {
    const steps = fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 50 });
    fc.assert(
      fc.property(steps, (list) => {
        const times = new AudioTimes(48_000);
        let us = 0;
        let end = 0;
        for (const step of list) {
          us += step;
          const place = times.place(us, length);
          if (place === undefined) continue;
          expect(place).toBeGreaterThanOrEqual(end);
          end = place + length;
        }
      }),
    );
  });
});
