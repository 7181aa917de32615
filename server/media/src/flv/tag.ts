/** FLV specification 10.1 section E.4.1; equal to RTMP message types. */
export const TagType = {
  audio: 8,
  video: 9,
  /** Enhanced RTMP v2: script data in AMF3. */
  scriptAmf3: 15,
  script: 18,
} as const;

export const tagHeaderBytes = 11;
export const previousTagSizeBytes = 4;

/** One tag. */
export interface FlvTag {
  /** One of `TagType`. */
  readonly type: number;
  /** Decoding time in milliseconds, 0 … 2^32 - 1; wraps. */
  readonly timestampMs: number;
  readonly body: Uint8Array;
}

/** Writes the 11 bytes in front of a body at `at`. FLV specification 10.1 section E.4.1. */
export function writeTagHeader(
  out: Uint8Array,
  at: number,
  type: number,
  timestampMs: number,
  bodyBytes: number,
): void {
  out[at] = type;
  writeU24(out, at + 1, bodyBytes);
  writeU24(out, at + 4, timestampMs);
  out[at + 7] = timestampMs >>> 24;
  writeU24(out, at + 8, 0);
}

/** Writes the low 24 bits, big-endian; negative numbers as two's complement. */
export function writeU24(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 16;
  out[at + 1] = value >>> 8;
  out[at + 2] = value;
}

/** Writes 32 bits, big-endian. */
export function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

/** Reads 24 bits, big-endian; bytes past the end count as 0. */
export function readU24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

/** Reads a signed 24-bit number, big-endian. */
export function readS24(bytes: Uint8Array, at: number): number {
  return (readU24(bytes, at) << 8) >> 8;
}

/** Reads 32 bits, big-endian, unsigned. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (readU24(bytes, at) * 256 + (bytes[at + 3] ?? 0)) >>> 0;
}
