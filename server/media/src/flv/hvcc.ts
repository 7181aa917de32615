import { ProtocolError } from "../error/index.ts";
import type { NalLengthSize } from "../h264/index.ts";

/** What is needed out of an HEVCDecoderConfigurationRecord. */
export interface HevcConfig {
  /** RFC 6381 codec string, such as `hvc1.1.6.L93.B0`. */
  readonly codecString: string;
  /** Bytes of the length in front of each NAL unit: 1, 2 or 4. */
  readonly lengthSize: NalLengthSize;
  /** VPS, SPS, PPS and what else the record holds. */
  readonly parameterSets: readonly Uint8Array[];
}

const fixedBytes = 23;
const lengthSizeOffset = 21;
const profileSpaces = ["", "A", "B", "C"] as const;

/** ISO/IEC 14496-15 section 8.3.3.1. @throws ProtocolError `HEVC_CONFIG_INVALID`. */
export function parseHevcConfig(record: Uint8Array): HevcConfig {
  if (record.length < fixedBytes || record[0] !== 1) throw invalid();
  const parameterSets: Uint8Array[] = [];
  let at = fixedBytes;
  const arrays = record[22] ?? 0;
  for (let array = 0; array < arrays; array++) {
    const count = u16(record, at + 1);
    at += 3;
    for (let index = 0; index < count; index++) {
      const size = u16(record, at);
      if (at + 2 + size > record.length) throw invalid();
      parameterSets.push(record.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
  }
  const lengthSize = ((record[lengthSizeOffset] ?? 0) & 3) + 1;
  if (at > record.length) throw invalid();
  if (lengthSize !== 1 && lengthSize !== 2 && lengthSize !== 4) throw invalid();
  return { codecString: codecString(record), lengthSize, parameterSets };
}

/** The record as it goes with samples whose NAL lengths have 4 bytes; copies it where it said otherwise. */
export function withFourByteLengths(record: Uint8Array): Uint8Array {
  const lengths = record[lengthSizeOffset] ?? 0;
  if ((lengths & 3) === 3) return record;
  const copy = record.slice();
  copy[lengthSizeOffset] = lengths | 3;
  return copy;
}

/** ISO/IEC 14496-15 section E.3. */
function codecString(record: Uint8Array): string {
  const profile = record[1] ?? 0;
  const tier = (profile & 0x20) === 0 ? "L" : "H";
  let compatibility = 0;
  for (let bit = 0; bit < 32; bit++) {
    const set = ((record[2 + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1;
    compatibility += set * 2 ** bit;
  }
  const constraints = [...record.subarray(6, 12)];
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  return [
    "hvc1",
    `${profileSpaces[profile >> 6]}${profile & 0x1f}`,
    compatibility.toString(16),
    `${tier}${record[12] ?? 0}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ].join(".");
}

function u16(bytes: Uint8Array, at: number): number {
  if (at + 2 > bytes.length) throw invalid();
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function invalid(): ProtocolError {
  return new ProtocolError("HEVC_CONFIG_INVALID", "not an HEVC decoder configuration record");
}
