import { ProtocolError } from "../error/index.ts";

/** AV1 Bitstream & Decoding Process Specification section 6.2.2, obu_type. */
export const ObuType = {
  sequenceHeader: 1,
  temporalDelimiter: 2,
  frameHeader: 3,
  tileGroup: 4,
  metadata: 5,
  frame: 6,
  redundantFrameHeader: 7,
  tileList: 8,
  padding: 15,
} as const;

/** One open bitstream unit, taken apart. */
export interface Obu {
  readonly type: number;
  /** obu_header with its extension byte where there is one; obu_has_size_field as it came. */
  readonly header: Uint8Array;
  /** What obu_size counts; a view. */
  readonly payload: Uint8Array;
}

const forbiddenBit = 0x80;
const extensionBit = 0x04;
const sizeBit = 0x02;
const maxLeb128Bytes = 8;
const maxLeb128 = 2 ** 32 - 1;

/** obu_type, 0 to 15; 0 (reserved) for no bytes and when the forbidden bit is set. */
export function obuType(obu: Uint8Array): number {
  const first = obu[0] ?? 0;
  return (first & forbiddenBit) === 0 ? (first >>> 3) & 0x0f : 0;
}

/** A number and where the bytes after it begin. */
export interface Leb128 {
  readonly value: number;
  readonly end: number;
}

/**
 * AV1 Bitstream & Decoding Process Specification section 4.10.5, leb128. Undefined when it is cut off,
 * longer than 8 bytes or above 2^32 - 1.
 */
export function readLeb128(bytes: Uint8Array, offset: number): Leb128 | undefined {
  let value = 0;
  for (let i = 0; i < maxLeb128Bytes; i += 1) {
    const byte = bytes[offset + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return value > maxLeb128 ? undefined : { value, end: offset + i + 1 };
  }
  return undefined;
}

/** Bytes of the shortest leb128 of a number up to 2^32 - 1. */
export function leb128SizeBytes(value: number): number {
  let size = 1;
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** Writes the shortest leb128 of a number up to 2^32 - 1; returns where it ends. */
export function putLeb128(out: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    out[at] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
    at += 1;
  }
  out[at] = rest;
  return at + 1;
}

/**
 * AV1 Bitstream & Decoding Process Specification section 5.3: takes a single OBU, with or without its
 * size field, that fills `bytes`.
 * @throws ProtocolError AV1_OBU_INVALID
 */
export function parseObu(bytes: Uint8Array): Obu {
  const first = bytes[0];
  if (first === undefined || (first & forbiddenBit) !== 0) throw invalid("no OBU header");
  const headerBytes = (first & extensionBit) === 0 ? 1 : 2;
  if (bytes.byteLength < headerBytes) throw invalid("header is cut off");
  const header = bytes.subarray(0, headerBytes);
  const type = obuType(bytes);
  if ((first & sizeBit) === 0) return { type, header, payload: bytes.subarray(headerBytes) };
  const size = readLeb128(bytes, headerBytes);
  if (size === undefined || size.end + size.value !== bytes.byteLength) {
    throw invalid("size does not fit");
  }
  return { type, header, payload: bytes.subarray(size.end) };
}

/** Bytes that `putObu` writes. */
export function obuSizeBytes(obu: Obu): number {
  const size = obu.payload.byteLength;
  return obu.header.byteLength + leb128SizeBytes(size) + size;
}

/** Section 5.2, low overhead bitstream format: writes the OBU with its size field; returns where it ends. */
export function putObu(out: Uint8Array, offset: number, obu: Obu): number {
  out.set(obu.header, offset);
  out[offset] = (obu.header[0] as number) | sizeBit;
  const start = putLeb128(out, offset + obu.header.byteLength, obu.payload.byteLength);
  out.set(obu.payload, start);
  return start + obu.payload.byteLength;
}

function invalid(message: string): ProtocolError {
  return new ProtocolError("AV1_OBU_INVALID", `AV1 OBU: ${message}`);
}
