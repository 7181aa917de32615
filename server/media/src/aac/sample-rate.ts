import type { BitReader, BitWriter } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";

/** ISO/IEC 14496-3 table 1.18; the index is samplingFrequencyIndex. */
export const sampleRates: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
  7_350,
];

/** The highest sample rate that is accepted when it is written out instead of taken from the table. */
export const maxSampleRate = 192_000;

const explicitIndex = 15;

/** @throws ProtocolError AAC_SAMPLE_RATE for a reserved index or a rate of 0 or above the limit */
export function readSampleRate(bits: BitReader): number {
  const index = bits.bits(4);
  const rate = index === explicitIndex ? bits.bits(24) : sampleRates[index];
  if (rate === undefined || rate === 0 || rate > maxSampleRate) {
    throw new ProtocolError("AAC_SAMPLE_RATE", `sampling frequency index ${index}`);
  }
  return rate;
}

/** By index where the table has the rate, otherwise written out. */
export function writeSampleRate(bits: BitWriter, rate: number): void {
  const index = sampleRates.indexOf(rate);
  if (index >= 0) {
    bits.bits(index, 4);
    return;
  }
  bits.bits(explicitIndex, 4);
  bits.bits(rate, 24);
}
