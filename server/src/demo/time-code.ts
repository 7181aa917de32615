import { colour, type Mosaic } from "./mosaic.ts";

/** Bits of the time: milliseconds since 1970 modulo 2^32, then a check of 8 bits. */
const timeBits = 32;
const checkBits = 8;

/** Cells of the strip, from left to right, most significant bit first. */
export const timeCodeBits: number = timeBits + checkBits;

const white = colour(1, 1, 1);
const black = colour(0, 0, 0);

/** The bits of a wall-clock time in milliseconds. */
export function timeCode(wallMs: number): readonly boolean[] {
  const time = Math.floor(wallMs) % 2 ** timeBits;
  const bits: boolean[] = [];
  for (let bit = timeBits - 1; bit >= 0; bit--) bits.push(Math.floor(time / 2 ** bit) % 2 === 1);
  const check = checkOf(time);
  for (let bit = checkBits - 1; bit >= 0; bit--) bits.push(((check >> bit) & 1) === 1);
  return bits;
}

/** The time in milliseconds modulo 2^32; undefined when the check does not fit. */
export function readTimeCode(bits: readonly boolean[]): number | undefined {
  if (bits.length !== timeCodeBits) return undefined;
  const value = (from: number, to: number) =>
    bits.slice(from, to).reduce((sum, bit) => sum * 2 + (bit ? 1 : 0), 0);
  const time = value(0, timeBits);
  return checkOf(time) === value(timeBits, timeCodeBits) ? time : undefined;
}

/** Draws the strip over the whole width: white is 1, black is 0. */
export function drawTimeCode(mosaic: Mosaic, wallMs: number, top: number, height: number): void {
  const width = mosaic.columns / timeCodeBits;
  timeCode(wallMs).forEach((bit, index) => {
    const left = Math.floor(index * width);
    const ink = bit ? white : black;
    mosaic.fill(left, top, Math.floor((index + 1) * width) - left, height, ink);
  });
}

/** The four bytes of the time, combined and whitened so that an all-black strip does not pass. */
function checkOf(time: number): number {
  const bytes = [time / 2 ** 24, time / 2 ** 16, time / 2 ** 8, time].map(
    (part) => Math.floor(part) & 0xff,
  );
  return bytes.reduce((sum, byte) => (sum * 31 + byte) & 0xff, 0x5a);
}
