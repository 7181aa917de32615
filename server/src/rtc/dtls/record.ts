/** RFC 6347 section 4.1. */
export const RECORD_HEADER_BYTES = 13;
/** RFC 6347 section 4.1.1 and RFC 5246 section 6.2.3: a protected fragment is at most this long. */
export const MAX_FRAGMENT_BYTES: number = 2 ** 14 + 2048;
/** `{254, 253}`, RFC 6347 section 4.1. */
export const DTLS_1_2 = 0xfefd;
/** What a first flight may still say in its record headers. */
export const DTLS_1_0 = 0xfeff;

export const ContentType = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
} as const;

/** One record of a datagram. The byte arrays are views into it. */
export interface DtlsRecord {
  readonly type: number;
  readonly epoch: number;
  /** 48 bits, without the epoch. */
  readonly sequence: number;
  readonly header: Uint8Array;
  readonly fragment: Uint8Array;
}

/**
 * Reads the record that begins at `offset`; undefined when what is there is no whole DTLS 1.x record,
 * and then nothing behind it can be read either. RFC 6347 section 4.1.
 */
export function parseRecord(datagram: Uint8Array, offset: number): DtlsRecord | undefined {
  const start = offset + RECORD_HEADER_BYTES;
  if (start > datagram.length) return undefined;
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  const length = view.getUint16(offset + 11);
  const version = view.getUint16(offset + 1);
  if (length > MAX_FRAGMENT_BYTES || start + length > datagram.length) return undefined;
  if (version !== DTLS_1_2 && version !== DTLS_1_0) return undefined;
  return {
    type: view.getUint8(offset),
    epoch: view.getUint16(offset + 3),
    sequence: view.getUint16(offset + 5) * 2 ** 32 + view.getUint32(offset + 7),
    header: datagram.subarray(offset, start),
    fragment: datagram.subarray(start, start + length),
  };
}

/** Writes a record header. RFC 6347 section 4.1. */
export function writeRecordHeader(
  target: Uint8Array,
  type: number,
  epoch: number,
  sequence: number,
  length: number,
): void {
  const view = new DataView(target.buffer, target.byteOffset, target.length);
  view.setUint8(0, type);
  view.setUint16(1, DTLS_1_2);
  view.setUint16(3, epoch);
  view.setUint16(5, Math.floor(sequence / 2 ** 32));
  view.setUint32(7, sequence >>> 0);
  view.setUint16(11, length);
}

/** A record that is not protected. */
export function writePlainRecord(type: number, sequence: number, fragment: Uint8Array): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER_BYTES + fragment.length);
  writeRecordHeader(record, type, 0, sequence, fragment.length);
  record.set(fragment, RECORD_HEADER_BYTES);
  return record;
}
