/** A colour as it is coded, `0xYYCBCR`: 8 bits of luma and of each chroma, limited range. */
export type Colour = number;

/** BT.709 limited range, from red, green and blue of 0 to 1. */
export function colour(red: number, green: number, blue: number): Colour {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const y = Math.round(16 + 219 * luma);
  const cb = Math.round(128 + (224 * (blue - luma)) / 1.8556);
  const cr = Math.round(128 + (224 * (red - luma)) / 1.5748);
  return (y << 16) | (cb << 8) | cr;
}

/** A picture of one colour per macroblock (16 × 16 pixels), row by row. */
export class Mosaic {
  readonly columns: number;
  readonly rows: number;
  readonly cells: Uint32Array;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.cells = new Uint32Array(columns * rows);
  }

  /** Fills a rectangle; what lies outside the picture is left out. */
  fill(left: number, top: number, width: number, height: number, to: Colour): void {
    const first = Math.max(0, left);
    const end = Math.min(this.columns, left + width);
    const bottom = Math.min(this.rows, top + height);
    if (end <= first) return;
    for (let row = Math.max(0, top); row < bottom; row++) {
      this.cells.fill(to, row * this.columns + first, row * this.columns + end);
    }
  }
}
