import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawText, textWidth } from "./font.ts";
import { colour, Mosaic } from "./mosaic.ts";
import { clockText, Pattern, patternColumns, timeCodeRows, timeCodeTop } from "./pattern.ts";
import { readTimeCode, timeCode, timeCodeBits } from "./time-code.ts";

const white = colour(1, 1, 1);

/** The time code as it is read off a picture: the middle of each cell. */
function readOff(mosaic: Mosaic): number | undefined {
  const row = timeCodeTop + Math.floor(timeCodeRows / 2);
  const bits = Array.from({ length: timeCodeBits }, (_, index) => {
    const column = Math.floor(((index + 0.5) * patternColumns) / timeCodeBits);
    return mosaic.cells[row * patternColumns + column] === white;
  });
  return readTimeCode(bits);
}

describe("time code", () => {
  it("is read off every picture as it was drawn", () => {
    const pattern = new Pattern();
    for (const wallMs of [0, 1, 999, 1_700_000_000_123.7, 4_102_444_799_999]) {
      const mosaic = pattern.draw({ wallMs, frame: 1, flash: false });
      expect(readOff(mosaic)).toBe(Math.floor(wallMs) % 2 ** 32);
    }
  });

  it("survives the round trip, and not the loss of a bit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 45 }), fc.nat(timeCodeBits - 1), (wallMs, at) => {
        const bits = timeCode(wallMs);
        expect(readTimeCode(bits)).toBe(wallMs % 2 ** 32);
        expect(readTimeCode(bits.with(at, !bits[at]))).toBeUndefined();
      }),
    );
  });

  it("is not read off black, white or too few cells", () => {
    expect(readTimeCode(Array(timeCodeBits).fill(false))).toBeUndefined();
    expect(readTimeCode(Array(timeCodeBits).fill(true))).toBeUndefined();
    expect(readTimeCode([])).toBeUndefined();
  });
});

describe("Pattern", () => {
  it("shows hours, minutes, seconds and milliseconds of this time zone", () => {
    const time = new Date(2024, 4, 6, 7, 8, 9, 45);
    expect(clockText(time.getTime())).toBe("07:08:09.045");
  });

  it("has room for every time, and every letter of it in the font", () => {
    for (const text of ["00:00:00.000", "23:58:47.169", "MILLRACE"]) {
      expect(textWidth(text)).toBeLessThanOrEqual(patternColumns);
      for (const letter of text) expect(textWidth(letter), letter).toBeGreaterThan(0);
    }
  });

  it("moves, flashes and leaves nothing behind", () => {
    const pattern = new Pattern();
    const draw = (frame: number, flash = false) =>
      pattern.draw({ wallMs: 5000, frame, flash }).cells.slice();
    const first = draw(0);
    expect(draw(1)).not.toEqual(first);
    expect(draw(2, true)).not.toEqual(draw(2));
    expect(draw(patternColumns)).toEqual(first);
  });
});

describe("Mosaic and font", () => {
  it("leave out what lies outside", () => {
    const mosaic = new Mosaic(3, 2);
    mosaic.fill(-5, -5, 100, 100, 7);
    expect([...mosaic.cells]).toEqual([7, 7, 7, 7, 7, 7]);
    mosaic.fill(3, 0, 5, 5, 9);
    mosaic.fill(-2, 0, 2, 5, 9);
    expect([...mosaic.cells]).toEqual([7, 7, 7, 7, 7, 7]);
    drawText(mosaic, "0?", -2, -3, 1);
    expect(mosaic.cells).toHaveLength(6);
  });

  it("codes black, white and grey in limited range", () => {
    expect(colour(0, 0, 0)).toBe(0x108080);
    expect(colour(1, 1, 1)).toBe(0xeb8080);
  });
});
