import type { BitWriter } from "@millrace/media/bits";
import type { Colour, Mosaic } from "./mosaic.ts";

/** A way to predict a macroblock: its number for luma (table 8-4, Intra_16x16) and for chroma (table 8-5). */
interface Prediction {
  readonly lumaMode: number;
  readonly chromaMode: number;
}
const fromAbove: Prediction = { lumaMode: 0, chromaMode: 2 };
const fromLeft: Prediction = { lumaMode: 1, chromaMode: 1 };
const fromNothing: Prediction = { lumaMode: 2, chromaMode: 0 };
/** Section 8.3.3.3: what is predicted without neighbours, 128 in each plane. */
const middle: Colour = 0x808080;

/** Table 7-11: mb_type of I_16x16 is this, plus the prediction mode, plus 4 when there is chroma DC. */
const firstI16x16 = 1;
const withChromaDc = 4;
/** Table 7-13: in P slices the I types follow five P types. */
const typesOfP = 5;

/** Table 9-5, coeff_token as code and its bits, for no coefficient, for one of ±1 and for one that is larger. */
interface Tokens {
  readonly none: readonly [number, number];
  readonly one: readonly [number, number];
  readonly larger: readonly [number, number];
}
const lumaTokens: Tokens = { none: [1, 1], one: [1, 2], larger: [5, 6] };
const chromaTokens: Tokens = { none: [1, 2], one: [1, 1], larger: [7, 6] };

/** Section 9.2.2.1: level codes from which the two escapes are used, and the bits that follow them. */
const shortEscape = { from: 14, bits: 4 };
const longEscape = { from: 30, bits: 12 };

const luma = (colour: Colour): number => colour >> 16;
const blue = (colour: Colour): number => (colour >> 8) & 0xff;
const red = (colour: Colour): number => colour & 0xff;

/**
 * One flat macroblock as I_16x16: predicted from the flat one to its left or above, with one DC
 * level per plane for what is missing. ITU-T H.264 sections 7.3.5, 7.3.5.1 and 7.3.5.3.
 */
export function writeMacroblock(
  writer: BitWriter,
  picture: Mosaic,
  mb: number,
  slice: "I" | "P",
): void {
  const { cells, columns } = picture;
  const colour = cells[mb] as number;
  const hasLeft = mb % columns > 0;
  const hasAbove = mb >= columns;
  const left = hasLeft ? (cells[mb - 1] as number) : middle;
  const above = hasAbove ? (cells[mb - columns] as number) : middle;
  const only = hasLeft ? fromLeft : hasAbove ? fromAbove : fromNothing;
  const both = hasLeft && hasAbove;
  const lumaFrom = both && lumaCost(colour, above) < lumaCost(colour, left) ? fromAbove : only;
  const chromaFrom =
    both && chromaCost(colour, above) < chromaCost(colour, left) ? fromAbove : only;

  const predictedLuma = lumaFrom === fromAbove ? above : left;
  const predictedChroma = chromaFrom === fromAbove ? above : left;
  const blueLevel = blue(colour) - blue(predictedChroma);
  const redLevel = red(colour) - red(predictedChroma);
  const hasChroma = blueLevel !== 0 || redLevel !== 0;

  const type = firstI16x16 + lumaFrom.lumaMode + (hasChroma ? withChromaDc : 0);
  writer.ue(slice === "P" ? typesOfP + type : type);
  writer.ue(chromaFrom.chromaMode); // intra_chroma_pred_mode
  writer.bits(1, 1); // mb_qp_delta is 0
  writeLevel(writer, luma(colour) - luma(predictedLuma), lumaTokens);
  if (hasChroma) {
    writeLevel(writer, blueLevel, chromaTokens);
    writeLevel(writer, redLevel, chromaTokens);
  }
}

function lumaCost(colour: Colour, from: Colour): number {
  return Math.abs(luma(colour) - luma(from));
}

function chromaCost(colour: Colour, from: Colour): number {
  return Math.abs(blue(colour) - blue(from)) + Math.abs(red(colour) - red(from));
}

/** A block whose only coefficient can be its first, ITU-T H.264 section 9.2. */
function writeLevel(writer: BitWriter, level: number, tokens: Tokens): void {
  if (level === 0) {
    writer.bits(tokens.none[0], tokens.none[1]);
    return;
  }
  if (level === 1 || level === -1) {
    writer.bits(tokens.one[0], tokens.one[1]);
    writer.flag(level < 0); // trailing_ones_sign_flag
  } else {
    writer.bits(tokens.larger[0], tokens.larger[1]);
    // Without trailing ones the first level is not ±1, which shifts the code by two.
    writeLevelCode(writer, (level > 0 ? 2 * level - 2 : -2 * level - 1) - 2);
  }
  writer.bits(1, 1); // total_zeros is 0
}

/** level_prefix and level_suffix for suffixLength 0, ITU-T H.264 section 9.2.2.1. */
function writeLevelCode(writer: BitWriter, code: number): void {
  if (code < shortEscape.from) {
    writer.bits(1, code + 1);
  } else if (code < longEscape.from) {
    writer.bits(1, 15);
    writer.bits(code - shortEscape.from, shortEscape.bits);
  } else {
    writer.bits(1, 16);
    writer.bits(code - longEscape.from, longEscape.bits);
  }
}
