import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SourceClock } from "./source-clock.ts";

const frameUs = 33_333;

describe("SourceClock", () => {
  test("starts at the moment of arrival", () => {
    const clock = new SourceClock();
    expect(5_000_000 + clock.offsetFor(5_000_000, 70_000)).toBe(70_000);
  });

  test("keeps a late burst on its own time line", () => {
    const clock = new SourceClock();
    clock.offsetFor(0, 0);
    // Three seconds of stall, then everything at once.
    for (let i = 1; i <= 90; i++) {
      const at = i * frameUs;
      expect(at + clock.offsetFor(at, 3_000_000 + i)).toBe(at);
    }
    expect(clock.reanchored).toBe(0);
  });

  test("follows a slow encoder clock without a step", () => {
    const clock = new SourceClock();
    let previous = clock.offsetFor(0, 0);
    // The encoder loses 100 ppm for ten minutes.
    for (let i = 1; i < 600 * 30; i++) {
      const arrival = i * frameUs;
      const encoder = Math.round(arrival * (1 - 100e-6));
      const offset = clock.offsetFor(encoder, arrival);
      expect(Math.abs(offset - previous)).toBeLessThanOrEqual(5_000);
      previous = offset;
      expect(arrival - (encoder + offset)).toBeLessThan(20_000);
    }
  });

  test("a fast encoder clock never puts a frame into the future", () => {
    const clock = new SourceClock();
    for (let i = 0; i < 600 * 30; i++) {
      const arrival = i * frameUs;
      const encoder = Math.round(arrival * (1 + 200e-6));
      expect(encoder + clock.offsetFor(encoder, arrival)).toBeLessThanOrEqual(arrival);
    }
  });

  test.each([
    ["back to zero", 100_000_000, 0],
    ["ahead by an hour", 1_000_000, 3_601_000_000],
  ])("re-anchors when the encoder's time jumps %s", (_name, before, after) => {
    const clock = new SourceClock();
    clock.offsetFor(before, 1_000_000);
    expect(after + clock.offsetFor(after, 1_033_000)).toBe(1_033_000);
    expect(clock.reanchored).toBe(1);
  });

  test("frames of the other track from before a jump do not undo it", () => {
    const clock = new SourceClock();
    clock.offsetFor(100_000_000, 1_000_000);
    clock.offsetFor(0, 1_033_000);
    expect(100_020_000 + clock.offsetFor(100_020_000, 1_040_000)).toBe(1_020_000);
    expect(33_000 + clock.offsetFor(33_000, 1_066_000)).toBe(1_066_000);
    expect(clock.reanchored).toBe(1);
  });

  test("a delay that stays is taken over within two windows", () => {
    const clock = new SourceClock();
    clock.offsetFor(0, 0);
    let late = 0;
    for (let i = 1; i < 150; i++) {
      const at = i * frameUs;
      late = at + 1_000_000 - (at + clock.offsetFor(at, at + 1_000_000));
    }
    expect(late).toBe(0);
  });

  test("whatever comes, no frame is put into the future", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 0, max: 2 ** 32 * 1000 }),
            fc.integer({ min: 0, max: 200_000 }),
          ),
        ),
        (frames) => {
          const clock = new SourceClock();
          let arrival = 0;
          let ahead = Number.NEGATIVE_INFINITY;
          for (const [encoder, gap] of frames) {
            arrival += gap;
            ahead = Math.max(ahead, encoder + clock.offsetFor(encoder, arrival) - arrival);
          }
          // Frames of an old time line may be ahead by what that time line is still trusted for.
          expect(ahead).toBeLessThanOrEqual(1_000_000);
        },
      ),
    );
  });
});
