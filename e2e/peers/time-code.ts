/**
 * A picture that carries its time: a strip of black and white cells along the top edge holds the
 * wall clock's low 24 bits of milliseconds and an 8-bit checksum. It survives compression and scaling.
 */
export const timeCode = {
  /** Bits of the time in milliseconds; it wraps after 4.6 hours. */
  timeBits: 24,
  checkBits: 8,
  /** Height of the strip as a share of the picture's height. */
  heightShare: 1 / 18,
} as const;

const cells = timeCode.timeBits + timeCode.checkBits;

function checksum(value: number): number {
  return ((value & 0xff) ^ ((value >> 8) & 0xff) ^ ((value >> 16) & 0xff) ^ 0x5a) & 0xff;
}

/** Draws the strip into the luma plane of a picture (limited range). `width` must be a multiple of 32. */
export function drawTimeCode(
  luma: Uint8Array,
  width: number,
  height: number,
  wallMs: number,
): void {
  const value = Math.floor(wallMs) % 2 ** timeCode.timeBits;
  const bits = ((value << timeCode.checkBits) | checksum(value)) >>> 0;
  const cellWidth = width / cells;
  const stripHeight = Math.floor(height * timeCode.heightShare);
  const row = new Uint8Array(width);
  for (let cell = 0; cell < cells; cell++) {
    const white = (bits >>> (cells - 1 - cell)) & 1;
    row.fill(white ? 235 : 16, cell * cellWidth, (cell + 1) * cellWidth);
  }
  for (let y = 0; y < stripHeight; y++) luma.set(row, y * width);
}

/** Reads a strip sampled at its cells' centres (0–255 each). Undefined when the checksum is wrong. */
export function readTimeCode(samples: ArrayLike<number>): number | undefined {
  let value = 0;
  let check = 0;
  for (let cell = 0; cell < cells; cell++) {
    const bit = (samples[cell] ?? 0) > 127 ? 1 : 0;
    if (cell < timeCode.timeBits) value = (value << 1) | bit;
    else check = (check << 1) | bit;
  }
  return check === checksum(value) ? value : undefined;
}

/** Age in milliseconds of a picture with this code, at a wall clock time. */
export function ageMs(code: number, wallMs: number): number {
  const modulus = 2 ** timeCode.timeBits;
  const age = (wallMs - code) % modulus;
  return age > modulus / 2 ? age - modulus : age;
}
