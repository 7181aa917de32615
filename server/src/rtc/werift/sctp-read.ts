import { crc32c } from "./crc32c.ts";

/** RFC 9260 section 3.1. */
export const SCTP_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 4;
/** Longest packet that we read: what fits into a usual path with room to spare. */
export const MAX_SCTP_PACKET_BYTES = 2048;
/** Most chunks of one packet; the smallest has four bytes. */
export const MAX_CHUNKS = 128;

/** RFC 9260 section 3.2, RFC 3758 section 3.2, RFC 6525 section 3.1. */
export const ChunkType = {
  data: 0,
  init: 1,
  initAck: 2,
  sack: 3,
  heartbeat: 4,
  heartbeatAck: 5,
  abort: 6,
  shutdown: 7,
  shutdownAck: 8,
  error: 9,
  cookieEcho: 10,
  cookieAck: 11,
  shutdownComplete: 14,
  reconfig: 130,
  forwardTsn: 192,
} as const;

/** Of DATA. RFC 9260 section 3.3.1. */
export const DataFlag = { end: 1, begin: 2, unordered: 4 } as const;

/** One chunk; `body` is a view without header and padding. */
export interface SctpChunk {
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

export interface SctpPacket {
  readonly tag: number;
  readonly chunks: readonly SctpChunk[];
}

/**
 * Reads a packet; undefined when its checksum or any length in it is wrong, or when it has too much.
 * RFC 9260 sections 3 and 6.8.
 */
export function readSctpPacket(bytes: Uint8Array): SctpPacket | undefined {
  if (bytes.length < SCTP_HEADER_BYTES || bytes.length > MAX_SCTP_PACKET_BYTES) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(8, true) !== crc32c(bytes, 8, 12)) return undefined;
  const chunks: SctpChunk[] = [];
  for (let offset = SCTP_HEADER_BYTES; offset < bytes.length; ) {
    if (offset + CHUNK_HEADER_BYTES > bytes.length || chunks.length === MAX_CHUNKS)
      return undefined;
    const length = view.getUint16(offset + 2);
    if (length < CHUNK_HEADER_BYTES || offset + length > bytes.length) return undefined;
    chunks.push({
      type: view.getUint8(offset),
      flags: view.getUint8(offset + 1),
      body: bytes.subarray(offset + CHUNK_HEADER_BYTES, offset + length),
    });
    offset += (length + 3) & ~3;
  }
  return { tag: view.getUint32(4), chunks };
}

/** What of an unknown chunk follows its two highest bits: whether the rest of the packet is still read. RFC 9260 section 3.2. */
export function skipsUnknown(type: number): boolean {
  return (type & 0x80) !== 0;
}

/** Fields of a DATA chunk; `payload` is a view. RFC 9260 section 3.3.1. */
export interface DataFields {
  readonly tsn: number;
  readonly streamId: number;
  readonly ssn: number;
  readonly ppid: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** Undefined when it is too short to have any user data. */
export function readData({ flags, body }: SctpChunk): DataFields | undefined {
  if (body.length <= 12) return undefined;
  const view = viewOf(body);
  return {
    tsn: view.getUint32(0),
    streamId: view.getUint16(4),
    ssn: view.getUint16(6),
    ppid: view.getUint32(8),
    flags,
    payload: body.subarray(12),
  };
}

/** A parameter of variable length; `value` is a view. RFC 9260 section 3.2.1. */
export interface SctpParameter {
  readonly type: number;
  readonly value: Uint8Array;
}

/** Undefined when a length is wrong. */
export function readParameters(bytes: Uint8Array): SctpParameter[] | undefined {
  const view = viewOf(bytes);
  const parameters: SctpParameter[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    if (offset + 4 > bytes.length) return undefined;
    const length = view.getUint16(offset + 2);
    if (length < 4 || offset + length > bytes.length) return undefined;
    parameters.push({
      type: view.getUint16(offset),
      value: bytes.subarray(offset + 4, offset + length),
    });
    offset += (length + 3) & ~3;
  }
  return parameters;
}

/** RFC 9260 section 3.3.2. */
export interface InitFields {
  readonly initiateTag: number;
  readonly advertisedRwnd: number;
  readonly outboundStreams: number;
  readonly inboundStreams: number;
  readonly initialTsn: number;
  readonly parameters: readonly SctpParameter[];
}

/** Undefined for what must be refused: tag zero, no streams, wrong lengths. */
export function readInit({ body }: SctpChunk): InitFields | undefined {
  if (body.length < 16) return undefined;
  const view = viewOf(body);
  const parameters = readParameters(body.subarray(16));
  const fields = {
    initiateTag: view.getUint32(0),
    advertisedRwnd: view.getUint32(4),
    outboundStreams: view.getUint16(8),
    inboundStreams: view.getUint16(10),
    initialTsn: view.getUint32(12),
  };
  if (parameters === undefined || fields.initiateTag === 0) return undefined;
  if (fields.outboundStreams === 0 || fields.inboundStreams === 0) return undefined;
  return { ...fields, parameters };
}

/** RFC 9260 section 3.3.4; gaps are offsets to the cumulative TSN. */
export interface SackFields {
  readonly cumulativeTsn: number;
  readonly advertisedRwnd: number;
  readonly gaps: readonly (readonly [number, number])[];
}

/** Undefined unless its gaps are in order and apart, as they have to be. */
export function readSack({ body }: SctpChunk): SackFields | undefined {
  if (body.length < 12) return undefined;
  const view = viewOf(body);
  const gapCount = view.getUint16(8);
  if (body.length < 12 + 4 * (gapCount + view.getUint16(10))) return undefined;
  const gaps: [number, number][] = [];
  let before = 0;
  for (let i = 0; i < gapCount; i++) {
    const start = view.getUint16(12 + 4 * i);
    const end = view.getUint16(14 + 4 * i);
    if (start <= before || end < start) return undefined;
    gaps.push([start, end]);
    before = end;
  }
  return { cumulativeTsn: view.getUint32(0), advertisedRwnd: view.getUint32(4), gaps };
}

/** RFC 3758 section 3.2: everything up to `cumulativeTsn` is given up, with the last number of each stream. */
export interface ForwardTsnFields {
  readonly cumulativeTsn: number;
  readonly streams: readonly (readonly [id: number, ssn: number])[];
}

export function readForwardTsn({ body }: SctpChunk): ForwardTsnFields | undefined {
  if (body.length < 4 || body.length % 4 !== 0) return undefined;
  const view = viewOf(body);
  const streams: [number, number][] = [];
  for (let offset = 4; offset < body.length; offset += 4) {
    streams.push([view.getUint16(offset), view.getUint16(offset + 2)]);
  }
  return { cumulativeTsn: view.getUint32(0), streams };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
