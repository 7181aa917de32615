import { ProtocolError } from "../error/index.ts";

/** RFC 3550 section 5.1: the fields of an RTP header. */
export interface RtpHeader {
  readonly marker: boolean;
  /** 0 to 127. */
  readonly payloadType: number;
  /** 0 to 65,535. */
  readonly sequence: number;
  /** Unsigned, 32 bits. */
  readonly timestamp: number;
  /** Unsigned, 32 bits. */
  readonly ssrc: number;
  /** At most 15. */
  readonly csrcs?: readonly number[];
  readonly extension?: RtpExtension;
}

/** RFC 3550 section 5.3.1: a header extension as it stands on the wire. */
export interface RtpExtension {
  /** The 16 bits "defined by profile"; RFC 8285 one-byte elements have 0xBEDE. */
  readonly profile: number;
  /** A multiple of 4 bytes. */
  readonly data: Uint8Array;
}

/** A packet as received. `payload` and the extension are views of the datagram. */
export interface RtpPacket extends RtpHeader {
  /** Without padding; may be empty. */
  readonly payload: Uint8Array;
  readonly paddingBytes: number;
}

export const rtpVersion = 2;
/** Bytes of a header with neither contributing sources nor extension. */
export const rtpHeaderBytes = 12;
/** The longest datagram that can arrive over IPv4 UDP. */
export const maxRtpPacketBytes = 65_507;

const paddingBit = 0x20;
const extensionBit = 0x10;
const csrcCountMask = 0x0f;
const markerBit = 0x80;
const maxCsrcs = 15;
const maxExtensionWords = 0xffff;
const noCsrcs: readonly number[] = [];

/**
 * RFC 3550 section 5.1. Keeps the bytes, which must not change as long as the packet is used.
 * @throws ProtocolError RTP_VERSION, RTP_TRUNCATED, RTP_PADDING, RTP_TOO_LARGE
 */
export function parseRtp(bytes: Uint8Array): RtpPacket {
  const size = bytes.byteLength;
  if (size < rtpHeaderBytes) throw truncated(size);
  if (size > maxRtpPacketBytes)
    throw new ProtocolError("RTP_TOO_LARGE", `RTP packet of ${size} bytes`);
  const first = bytes[0] as number;
  if (first >>> 6 !== rtpVersion)
    throw new ProtocolError("RTP_VERSION", `RTP version ${first >>> 6}`);
  const second = bytes[1] as number;
  const csrcCount = first & csrcCountMask;
  let offset = rtpHeaderBytes + csrcCount * 4;
  if (offset > size) throw truncated(size);
  const csrcs = csrcCount === 0 ? noCsrcs : readCsrcs(bytes, csrcCount);
  let extension: RtpExtension | undefined;
  if ((first & extensionBit) !== 0) {
    if (offset + 4 > size) throw truncated(size);
    const end = offset + 4 + uint16(bytes, offset + 2) * 4;
    if (end > size) throw truncated(size);
    extension = { profile: uint16(bytes, offset), data: bytes.subarray(offset + 4, end) };
    offset = end;
  }
  const paddingBytes = (first & paddingBit) === 0 ? 0 : (bytes[size - 1] as number);
  if (offset + paddingBytes > size || ((first & paddingBit) !== 0 && paddingBytes === 0)) {
    throw new ProtocolError("RTP_PADDING", `${paddingBytes} bytes of padding in ${size - offset}`);
  }
  return {
    marker: (second & markerBit) !== 0,
    payloadType: second & 0x7f,
    sequence: uint16(bytes, 2),
    timestamp: uint32(bytes, 4),
    ssrc: uint32(bytes, 8),
    csrcs,
    ...(extension === undefined ? undefined : { extension }),
    payload: bytes.subarray(offset, size - paddingBytes),
    paddingBytes,
  };
}

/** Bytes that `putRtpHeader` writes for this header. */
export function rtpHeaderSizeBytes(header: RtpHeader): number {
  const csrcBytes = (header.csrcs?.length ?? 0) * 4;
  const extensionBytes = header.extension === undefined ? 0 : 4 + header.extension.data.byteLength;
  return rtpHeaderBytes + csrcBytes + extensionBytes;
}

/**
 * RFC 3550 section 5.1. Writes the header to `out` from `offset` and returns the offset of the
 * payload. Fields are cut to their bits.
 * @throws RangeError when `out` is too short, or more than 15 contributing sources or an extension
 *   that is no multiple of 4 bytes is given
 */
export function putRtpHeader(out: Uint8Array, offset: number, header: RtpHeader): number {
  const { csrcs = noCsrcs, extension, sequence, timestamp, ssrc } = header;
  if (offset + rtpHeaderSizeBytes(header) > out.byteLength)
    throw new RangeError("no room for the header");
  if (csrcs.length > maxCsrcs) throw new RangeError(`${csrcs.length} contributing sources`);
  out[offset] = (rtpVersion << 6) | (extension === undefined ? 0 : extensionBit) | csrcs.length;
  out[offset + 1] = (header.marker ? markerBit : 0) | (header.payloadType & 0x7f);
  out[offset + 2] = sequence >>> 8;
  out[offset + 3] = sequence;
  putUint32(out, offset + 4, timestamp);
  putUint32(out, offset + 8, ssrc);
  let at = offset + rtpHeaderBytes;
  for (const csrc of csrcs) {
    putUint32(out, at, csrc);
    at += 4;
  }
  if (extension !== undefined) {
    const words = extension.data.byteLength / 4;
    if (!Number.isInteger(words) || words > maxExtensionWords) {
      throw new RangeError(`header extension of ${extension.data.byteLength} bytes`);
    }
    out[at] = extension.profile >>> 8;
    out[at + 1] = extension.profile;
    out[at + 2] = words >>> 8;
    out[at + 3] = words;
    out.set(extension.data, at + 4);
    at += 4 + extension.data.byteLength;
  }
  return at;
}

function readCsrcs(bytes: Uint8Array, count: number): number[] {
  const csrcs: number[] = [];
  for (let i = 0; i < count; i += 1) csrcs.push(uint32(bytes, rtpHeaderBytes + i * 4));
  return csrcs;
}

function uint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

function uint32(bytes: Uint8Array, offset: number): number {
  return ((uint16(bytes, offset) << 16) | uint16(bytes, offset + 2)) >>> 0;
}

function putUint32(out: Uint8Array, offset: number, value: number): void {
  out[offset] = value >>> 24;
  out[offset + 1] = value >>> 16;
  out[offset + 2] = value >>> 8;
  out[offset + 3] = value;
}

function truncated(size: number): ProtocolError {
  return new ProtocolError("RTP_TRUNCATED", `RTP header goes past the end of ${size} bytes`);
}
