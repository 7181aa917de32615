/** ITU-T H.264 table 7-1, nal_unit_type; 24 and up RFC 6184 table 1. */
export const NalType = {
  slice: 1,
  partitionA: 2,
  partitionB: 3,
  partitionC: 4,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  endOfSequence: 10,
  endOfStream: 11,
  filler: 12,
  spsExtension: 13,
  prefix: 14,
  subsetSps: 15,
  reserved18: 18,
  auxiliarySlice: 19,
  sliceExtension: 20,
} as const;

/** nal_unit_type, 0 to 31; 0 (unspecified) for an empty NAL unit. */
export function nalType(nal: Uint8Array): number {
  return (nal[0] ?? 0) & 0x1f;
}

/** nal_ref_idc, 0 to 3: 0 means that no other picture refers to this one. */
export function nalRefIdc(nal: Uint8Array): number {
  return ((nal[0] ?? 0) >>> 5) & 3;
}

/** Whether the NAL unit is a slice or slice partition of a primary picture (a VCL NAL unit). */
export function isVcl(nal: Uint8Array): boolean {
  const type = nalType(nal);
  return type >= NalType.slice && type <= NalType.idr;
}

/** Whether decoding can start at this access unit, that is, whether it has an IDR slice. */
export function hasIdr(nals: readonly Uint8Array[]): boolean {
  for (const nal of nals) if (nalType(nal) === NalType.idr) return true;
  return false;
}

/**
 * ITU-T H.264 section 7.3.1: takes the emulation prevention bytes (03 after 00 00) out.
 * Gives the same array back when there is none, otherwise a copy.
 */
export function removeEmulationPrevention(bytes: Uint8Array): Uint8Array {
  let found = 0;
  for (let i = 2, zeros = leadingZeros(bytes); i < bytes.byteLength; i += 1) {
    const byte = bytes[i] as number;
    if (zeros >= 2 && byte === 3) {
      found += 1;
      zeros = 0;
    } else zeros = byte === 0 ? zeros + 1 : 0;
  }
  if (found === 0) return bytes;
  const out = new Uint8Array(bytes.byteLength - found);
  let zeros = 0;
  let to = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    out[to] = byte;
    to += 1;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out;
}

/**
 * ITU-T H.264 section 7.4.1: puts a 03 before every byte up to 03 that follows two zeros, and after
 * a last byte that is zero. Gives the same array back when nothing is to do, otherwise a copy.
 */
export function insertEmulationPrevention(bytes: Uint8Array): Uint8Array {
  const extra = countEmulations(bytes);
  if (extra === 0) return bytes;
  const out = new Uint8Array(bytes.byteLength + extra);
  let zeros = 0;
  let to = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      out[to] = 3;
      to += 1;
      zeros = 0;
    }
    out[to] = byte;
    to += 1;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  if (to < out.byteLength) out[to] = 3;
  return out;
}

function countEmulations(bytes: Uint8Array): number {
  let count = 0;
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      count += 1;
      zeros = 0;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return zeros > 0 ? count + 1 : count;
}

function leadingZeros(bytes: Uint8Array): number {
  if (bytes[1] !== 0) return 0;
  return bytes[0] === 0 ? 2 : 1;
}
