import { ProtocolError } from "../error/index.ts";
import { type AccessUnitLimits, defaultAccessUnitLimits } from "./avcc.ts";

const startCodeBytes = 4;

/**
 * ITU-T H.264 annex B: the NAL units of a byte stream that is there as a whole, such as one access
 * unit. They are views of `bytes`, without start codes and without the zeros around them. What
 * stands before the first start code is left out.
 * @throws ProtocolError ANNEXB_TOO_MANY_NALS
 */
export function splitAnnexB(
  bytes: Uint8Array,
  limits: AccessUnitLimits = defaultAccessUnitLimits,
): Uint8Array[] {
  const nals: Uint8Array[] = [];
  let start = nextStartCode(bytes, 0);
  while (start < bytes.byteLength) {
    const from = start + 3;
    const next = nextStartCode(bytes, from);
    let end = next;
    while (end > from && bytes[end - 1] === 0) end -= 1;
    if (end > from) {
      if (nals.length >= limits.maxNals) {
        throw new ProtocolError("ANNEXB_TOO_MANY_NALS", `more than ${limits.maxNals} NAL units`);
      }
      nals.push(bytes.subarray(from, end));
    }
    start = next;
  }
  return nals;
}

/** Where 00 00 01 begins, from `from`; the length of the bytes when there is none. */
function nextStartCode(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(1, from + 2);
  while (at >= 0) {
    if (bytes[at - 1] === 0 && bytes[at - 2] === 0) return at - 2;
    at = bytes.indexOf(1, at + 1);
  }
  return bytes.byteLength;
}

/** Bytes of the NAL units with start codes of 4 bytes. */
export function annexBSizeBytes(nals: readonly Uint8Array[]): number {
  let size = 0;
  for (const nal of nals) size += startCodeBytes + nal.byteLength;
  return size;
}

/** ITU-T H.264 annex B: the NAL units with start codes of 4 bytes, in a new buffer. */
export function writeAnnexB(nals: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(annexBSizeBytes(nals));
  let offset = 0;
  for (const nal of nals) {
    out[offset + 3] = 1;
    out.set(nal, offset + startCodeBytes);
    offset += startCodeBytes + nal.byteLength;
  }
  return out;
}
