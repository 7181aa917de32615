import type { Colour, Mosaic } from "./mosaic.ts";

/** Height of every glyph, in cells. */
export const fontHeight = 7;

/** Rows from top to bottom, parted by `/`; `#` is ink. */
const glyphs: Readonly<Record<string, string>> = {
  "0": ".###./#...#/#...#/#...#/#...#/#...#/.###.",
  "1": "..#../.##../..#../..#../..#../..#../.###.",
  "2": ".###./#...#/....#/...#./..#../.#.../#####",
  "3": ".###./#...#/....#/..##./....#/#...#/.###.",
  "4": "...#./..##./.#.#./#..#./#####/...#./...#.",
  "5": "#####/#..../####./....#/....#/#...#/.###.",
  "6": ".###./#..../#..../####./#...#/#...#/.###.",
  "7": "#####/....#/...#./...#./..#../..#../..#..",
  "8": ".###./#...#/#...#/.###./#...#/#...#/.###.",
  "9": ".###./#...#/#...#/.####/....#/....#/.###.",
  ":": "./#/#/./#/#/.",
  ".": "./././././#/#",
  A: ".###./#...#/#...#/#####/#...#/#...#/#...#",
  C: ".###./#...#/#..../#..../#..../#...#/.###.",
  E: "#####/#..../#..../####./#..../#..../#####",
  I: "###/.#./.#./.#./.#./.#./###",
  L: "#..../#..../#..../#..../#..../#..../#####",
  M: "#...#/##.##/#.#.#/#.#.#/#...#/#...#/#...#",
  R: "####./#...#/#...#/####./#.#../#..#./#...#",
};

const rowsOf = new Map(Object.entries(glyphs).map(([letter, rows]) => [letter, rows.split("/")]));

/** Width of a text in cells, with one cell between glyphs. Letters that the font lacks have no width. */
export function textWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += glyphWidth(letter) + 1;
  return Math.max(0, width - 1);
}

/** Draws a text, one cell per font pixel. */
export function drawText(
  mosaic: Mosaic,
  text: string,
  left: number,
  top: number,
  ink: Colour,
): void {
  let x = left;
  for (const letter of text) {
    rowsOf.get(letter)?.forEach((row, y) => {
      for (let column = 0; column < row.length; column++) {
        if (row[column] === "#") mosaic.fill(x + column, top + y, 1, 1, ink);
      }
    });
    x += glyphWidth(letter) + 1;
  }
}

function glyphWidth(letter: string): number {
  return rowsOf.get(letter)?.[0]?.length ?? -1;
}
