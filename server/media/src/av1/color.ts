import type { BitReader } from "../bits/index.ts";

/** AV1 Bitstream & Decoding Process Specification section 6.4.2. */
export interface Av1Color {
  /** 8, 10 or 12. */
  readonly bitDepth: number;
  readonly monochrome: boolean;
  readonly subsamplingX: boolean;
  readonly subsamplingY: boolean;
  /** chroma_sample_position, 0 to 3; 0 is unknown. */
  readonly samplePosition: number;
}

const unspecified = 2;
const srgb = { primaries: 1, transfer: 13, matrix: 0 } as const;

/** AV1 Bitstream & Decoding Process Specification section 5.5.2, up to the chroma sample position. */
export function parseAv1Color(bits: BitReader, profile: number): Av1Color {
  const isHigh = bits.flag();
  const isTwelve = profile === 2 && isHigh && bits.flag();
  const bitDepth = isTwelve ? 12 : isHigh ? 10 : 8;
  const monochrome = profile !== 1 && bits.flag();
  const isDescribed = bits.flag();
  const primaries = isDescribed ? bits.bits(8) : unspecified;
  const transfer = isDescribed ? bits.bits(8) : unspecified;
  const matrix = isDescribed ? bits.bits(8) : unspecified;
  const base = { bitDepth, monochrome, samplePosition: 0 } as const;
  if (monochrome) {
    bits.skip(1); // color_range
    return { ...base, subsamplingX: true, subsamplingY: true };
  }
  if (primaries === srgb.primaries && transfer === srgb.transfer && matrix === srgb.matrix) {
    return { ...base, subsamplingX: false, subsamplingY: false };
  }
  bits.skip(1); // color_range
  const [subsamplingX, subsamplingY] = readSubsampling(bits, profile, bitDepth);
  const samplePosition = subsamplingX && subsamplingY ? bits.bits(2) : 0;
  return { bitDepth, monochrome, subsamplingX, subsamplingY, samplePosition };
}

function readSubsampling(bits: BitReader, profile: number, bitDepth: number): [boolean, boolean] {
  if (profile === 0) return [true, true];
  if (profile === 1) return [false, false];
  if (bitDepth < 12) return [true, false];
  const horizontal = bits.flag();
  return [horizontal, horizontal && bits.flag()];
}
