import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultPictureLimits } from "./limits.ts";
import { parseFps, RateLimit } from "./rate.ts";

const read = (query: string) => parseFps(new URLSearchParams(query), defaultPictureLimits);

/** How many of the pictures of a source are due. */
function due(sourceFps: number, fps: number | undefined, seconds: number): number {
  const rate = new RateLimit(fps);
  let count = 0;
  for (let number = 0; number < sourceFps * seconds; number++) {
    if (rate.admits(Math.round((number * 1e6) / sourceFps))) count++;
  }
  return count;
}

describe("parseFps", () => {
  it("reads decimal numbers in the range, its ends included", () => {
    expect(read("")).toBeUndefined();
    expect(read("fps=0.1")).toBe(0.1);
    expect(read("fps=60")).toBe(60);
    for (const wrong of ["0.09", "60.001", "0", "-5", "1e1", "5fps", "", " 5", "Infinity"]) {
      expect(() => read(`fps=${wrong}`)).toThrow(
        expect.objectContaining({ code: "FPS_INVALID", status: 400 }),
      );
    }
  });
});

describe("RateLimit", () => {
  it("keeps the rate on average, and all pictures where there are no more", () => {
    expect(due(30, undefined, 10)).toBe(300);
    expect(due(30, 30, 10)).toBe(300);
    expect(due(25, 30, 10)).toBe(250);
    expect(due(30, 12, 10)).toBeGreaterThanOrEqual(119);
    expect(due(30, 12, 10)).toBeLessThanOrEqual(121);
    expect(due(30, 0.5, 10)).toBe(5);
  });

  it("begins anew after a pause instead of catching up", () => {
    const rate = new RateLimit(10);
    expect([0, 5_000_000, 5_079_000, 5_081_000, 5_150_000].map((us) => rate.admits(us))).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  it("never lets more through than the rate and one, whatever the times", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 60, noNaN: true }),
        fc.array(fc.nat(200_000), { maxLength: 200 }),
        (fps, steps) => {
          const rate = new RateLimit(fps);
          let us = 0;
          let count = 0;
          for (const step of steps) {
            us += step;
            if (rate.admits(us)) count++;
          }
          expect(count).toBeLessThanOrEqual((us / 1e6) * fps * 1.001 + 1.6);
        },
      ),
    );
  });
});
