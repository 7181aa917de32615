import { ChunkType, DataFlag } from "./sctp-read.ts";

/** Something that werift puts into a packet of its own. */
export interface ChunkBytes {
  readonly type: number;
  readonly bytes: Buffer;
}

/** A chunk with its padding. RFC 9260 section 3.2. */
export function writeChunk(type: number, flags: number, body: Uint8Array): ChunkBytes {
  const length = 4 + body.length;
  const bytes = Buffer.alloc((length + 3) & ~3);
  bytes[0] = type;
  bytes[1] = flags;
  bytes.writeUInt16BE(length, 2);
  bytes.set(body, 4);
  return { type, bytes };
}

/** RFC 9260 section 3.3.4. Gaps are offsets to `cumulativeTsn`. */
export function writeSack(
  cumulativeTsn: number,
  windowBytes: number,
  gaps: readonly (readonly [number, number])[],
  duplicates: readonly number[],
): ChunkBytes {
  const body = Buffer.alloc(12 + 4 * (gaps.length + duplicates.length));
  body.writeUInt32BE(cumulativeTsn, 0);
  body.writeUInt32BE(windowBytes, 4);
  body.writeUInt16BE(gaps.length, 8);
  body.writeUInt16BE(duplicates.length, 10);
  let offset = 12;
  for (const [start, end] of gaps) {
    body.writeUInt16BE(start, offset);
    body.writeUInt16BE(end, offset + 2);
    offset += 4;
  }
  for (const tsn of duplicates) {
    body.writeUInt32BE(tsn, offset);
    offset += 4;
  }
  return writeChunk(ChunkType.sack, 0, body);
}

/** RFC 3758 section 3.2. */
export function writeForwardTsn(
  cumulativeTsn: number,
  streams: Iterable<readonly [id: number, ssn: number]>,
): ChunkBytes {
  const pairs = [...streams];
  const body = Buffer.alloc(4 + 4 * pairs.length);
  body.writeUInt32BE(cumulativeTsn, 0);
  pairs.forEach(([id, ssn], i) => {
    body.writeUInt16BE(id, 4 + 4 * i);
    body.writeUInt16BE(ssn, 6 + 4 * i);
  });
  return writeChunk(ChunkType.forwardTsn, 0, body);
}

/** RE-CONFIG parameters. RFC 6525 section 4. */
export const ReconfigParameter = { resetRequest: 13, response: 16 } as const;

/** Outgoing SSN Reset Request. RFC 6525 section 4.1. */
export function writeResetRequest(
  requestSequence: number,
  responseSequence: number,
  lastTsn: number,
  streamIds: readonly number[],
): ChunkBytes {
  const value = Buffer.alloc(12 + 2 * streamIds.length);
  value.writeUInt32BE(requestSequence, 0);
  value.writeUInt32BE(responseSequence, 4);
  value.writeUInt32BE(lastTsn, 8);
  streamIds.forEach((id, i) => {
    value.writeUInt16BE(id, 12 + 2 * i);
  });
  return writeChunk(ChunkType.reconfig, 0, writeParameter(ReconfigParameter.resetRequest, value));
}

/** Re-configuration Response. RFC 6525 section 4.4. */
export function writeResetResponse(sequence: number, result: number): ChunkBytes {
  const value = Buffer.alloc(8);
  value.writeUInt32BE(sequence, 0);
  value.writeUInt32BE(result, 4);
  return writeChunk(ChunkType.reconfig, 0, writeParameter(ReconfigParameter.response, value));
}

function writeParameter(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + value.length);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.set(value, 4);
  return bytes;
}

/** What the fragments of one message share. */
export interface SentMessage {
  readonly maxRetransmits: number | undefined;
  readonly expiresUs: number | undefined;
  readonly fragments: SctpDataChunk[];
}

/** A DATA chunk with what werift's sender writes down at it. RFC 9260 section 3.3.1. */
export class SctpDataChunk implements ChunkBytes {
  readonly type: number = ChunkType.data;
  readonly flags: number;
  readonly tsn: number;
  readonly streamId: number;
  readonly streamSeqNum: number;
  readonly protocol: number;
  readonly userData: Uint8Array;
  readonly bookSize: number;
  /** Bytes that were given numbers before these. */
  readonly before: number;
  readonly message: SentMessage;
  abandoned = false;
  acked = false;
  retransmit = false;
  sentCount = 0;
  sentTime: number | undefined;
  /** Whether its bytes are counted in werift's flight size. */
  inFlight = false;
  #misses = 0;

  constructor(
    fields: {
      flags: number;
      tsn: number;
      streamId: number;
      ssn: number;
      ppid: number;
      payload: Uint8Array;
      before: number;
    },
    message: SentMessage,
  ) {
    this.flags = fields.flags;
    this.tsn = fields.tsn;
    this.streamId = fields.streamId;
    this.streamSeqNum = fields.ssn;
    this.protocol = fields.ppid;
    this.userData = fields.payload;
    this.bookSize = fields.payload.length;
    this.before = fields.before;
    this.message = message;
  }

  get ordered(): boolean {
    return (this.flags & DataFlag.unordered) === 0;
  }

  /** SACKs that told of later chunks but not of this one. */
  get misses(): number {
    return this.#misses;
  }

  /** SACKs of before a retransmission know nothing of it: a chunk is repeated early once. RFC 9260 section 7.2.4. */
  set misses(misses: number) {
    this.#misses = this.sentCount > 1 ? 0 : misses;
  }

  get bytes(): Buffer {
    const length = 16 + this.userData.length;
    const bytes = Buffer.alloc((length + 3) & ~3);
    bytes[1] = this.flags;
    bytes.writeUInt16BE(length, 2);
    bytes.writeUInt32BE(this.tsn, 4);
    bytes.writeUInt16BE(this.streamId, 8);
    bytes.writeUInt16BE(this.streamSeqNum, 10);
    bytes.writeUInt32BE(this.protocol, 12);
    bytes.set(this.userData, 16);
    return bytes;
  }
}
