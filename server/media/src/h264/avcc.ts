import { ProtocolError } from "../error/index.ts";

/** Bytes of the length in front of a NAL unit, ISO/IEC 14496-15 section 5.3.3.1. */
export type NalLengthSize = 1 | 2 | 4;

/** Bounds on one access unit from a peer. */
export interface AccessUnitLimits {
  /** NAL units of one access unit. Default 1,024: an 8K frame of one slice per macroblock row has 270. */
  readonly maxNals: number;
}

export const defaultAccessUnitLimits: AccessUnitLimits = { maxNals: 1024 };

/**
 * ISO/IEC 14496-15 section 5.3.4.2: NAL units with their length in front. They are views of `bytes`;
 * empty ones are left out.
 * @throws ProtocolError AVCC_NAL_TRUNCATED when a length goes past the end, AVCC_TOO_MANY_NALS
 */
export function splitAvcc(
  bytes: Uint8Array,
  lengthSize: NalLengthSize,
  limits: AccessUnitLimits = defaultAccessUnitLimits,
): Uint8Array[] {
  const nals: Uint8Array[] = [];
  const total = bytes.byteLength;
  let offset = 0;
  while (offset < total) {
    if (total - offset < lengthSize) throw truncated(total);
    let size = 0;
    for (let i = 0; i < lengthSize; i += 1) size = size * 256 + (bytes[offset + i] as number);
    offset += lengthSize;
    if (size > total - offset) throw truncated(total);
    if (size > 0) {
      if (nals.length >= limits.maxNals) {
        throw new ProtocolError("AVCC_TOO_MANY_NALS", `more than ${limits.maxNals} NAL units`);
      }
      nals.push(bytes.subarray(offset, offset + size));
    }
    offset += size;
  }
  return nals;
}

function truncated(size: number): ProtocolError {
  return new ProtocolError("AVCC_NAL_TRUNCATED", `NAL unit goes past the end of ${size} bytes`);
}

/** Bytes of the NAL units with 4-byte lengths. */
export function avccSizeBytes(nals: readonly Uint8Array[]): number {
  let size = 0;
  for (const nal of nals) size += 4 + nal.byteLength;
  return size;
}

/**
 * Writes the NAL units with 4-byte lengths to `out` from `offset`, where `avccSizeBytes` must be
 * free. Returns the offset after the last byte.
 */
export function putAvcc(out: Uint8Array, offset: number, nals: readonly Uint8Array[]): number {
  let to = offset;
  for (const nal of nals) {
    const size = nal.byteLength;
    out[to] = size >>> 24;
    out[to + 1] = (size >>> 16) & 0xff;
    out[to + 2] = (size >>> 8) & 0xff;
    out[to + 3] = size & 0xff;
    out.set(nal, to + 4);
    to += 4 + size;
  }
  return to;
}

/** The NAL units with 4-byte lengths, in a new buffer. */
export function writeAvcc(nals: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(avccSizeBytes(nals));
  putAvcc(out, 0, nals);
  return out;
}
