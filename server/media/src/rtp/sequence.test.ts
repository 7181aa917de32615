import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  SequenceUnwrapper,
  sequenceDistance,
  TimestampUnwrapper,
  timestampDistance,
} from "./sequence.ts";

describe("distances", () => {
  it.each([
    [1, 0, 1],
    [0, 65_535, 1],
    [65_535, 0, -1],
    [5, 5, 0],
    [0x7fff, 0, 32_767],
    [0x8000, 0, -32_768],
    [0, 0x8000, -32_768],
    [10, 65_526, 20],
  ])("of sequence numbers %i and %i is %i", (a, b, distance) => {
    expect(sequenceDistance(a, b)).toBe(distance);
  });

  it.each([
    [3000, 0, 3000],
    [0, 0xffff_ffff, 1],
    [0xffff_ff00, 0x100, -0x200],
    [0x8000_0000, 0, -(2 ** 31)],
  ])("of timestamps %i and %i is %i", (a, b, distance) => {
    expect(timestampDistance(a, b)).toBe(distance);
  });
});

describe.each([
  ["SequenceUnwrapper", () => new SequenceUnwrapper(), 2 ** 16],
  ["TimestampUnwrapper", () => new TimestampUnwrapper(), 2 ** 32],
] as const)("%s", (_, make, range) => {
  it("counts on over wraps, forwards and backwards", () => {
    const unwrapper = make();
    const values = [range - 2, range - 1, 1, range - 1, 0, 5, range / 2, range - 1, 3];
    const extended = values.map((value) => unwrapper.unwrap(value));
    expect(extended).toEqual([
      range - 2,
      range - 1,
      range + 1,
      range - 1,
      range,
      range + 5,
      range + range / 2,
      2 * range - 1,
      2 * range + 3,
    ]);
  });

  it("becomes negative for numbers older than the first", () => {
    const unwrapper = make();
    expect([2, range - 3, 1].map((value) => unwrapper.unwrap(value))).toEqual([2, -3, 1]);
  });

  it("follows any walk of steps below half the range", () => {
    const step = fc.integer({ min: -range / 2 + 1, max: range / 2 - 1 });
    fc.assert(
      fc.property(fc.nat(range - 1), fc.array(step, { maxLength: 50 }), (start, steps) => {
        const unwrapper = make();
        let at = start;
        expect(unwrapper.unwrap(at)).toBe(at);
        for (const by of steps) {
          at += by;
          expect(unwrapper.unwrap(((at % range) + range) % range)).toBe(at);
        }
      }),
    );
  });
});
