/** RFC 6347 section 4.2.2. */
export const HANDSHAKE_HEADER_BYTES = 12;

/** RFC 5246 section 7.4. */
export const HandshakeType = {
  clientHello: 1,
  serverHello: 2,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

/** A piece of a handshake message; the whole of it when `offset` is 0 and `data` has `length` bytes. */
export interface HandshakeFragment {
  readonly type: number;
  /** Length of the whole message. */
  readonly length: number;
  readonly sequence: number;
  readonly offset: number;
  /** A view into the record. */
  readonly data: Uint8Array;
}

/** A whole handshake message. */
export interface HandshakeMessage {
  readonly type: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

/**
 * The fragments of one record; undefined when it does not consist of whole ones. RFC 6347 section 4.2.2.
 */
export function parseHandshakeFragments(content: Uint8Array): HandshakeFragment[] | undefined {
  const fragments: HandshakeFragment[] = [];
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  let at = 0;
  while (at < content.length) {
    if (at + HANDSHAKE_HEADER_BYTES > content.length) return undefined;
    const length = view.getUint32(at) & 0xffffff;
    const offset = (view.getUint16(at + 6) << 8) | view.getUint8(at + 8);
    const fragmentLength = (view.getUint16(at + 9) << 8) | view.getUint8(at + 11);
    const start = at + HANDSHAKE_HEADER_BYTES;
    const end = start + fragmentLength;
    if (end > content.length || offset + fragmentLength > length) return undefined;
    fragments.push({
      type: view.getUint8(at),
      length,
      sequence: view.getUint16(at + 4),
      offset,
      data: content.subarray(start, end),
    });
    at = end;
  }
  return fragments;
}

/** A whole message with its header, as it is sent and as it enters the transcript. RFC 6347 section 4.2.6. */
export function writeHandshake(type: number, sequence: number, body: Uint8Array): Uint8Array {
  return writeHandshakeFragment(type, sequence, body, 0, body.length);
}

/** `length` bytes of a message from `offset` on. */
export function writeHandshakeFragment(
  type: number,
  sequence: number,
  body: Uint8Array,
  offset: number,
  length: number,
): Uint8Array {
  const bytes = new Uint8Array(HANDSHAKE_HEADER_BYTES + length);
  const header = { type, sequence, length: body.length, offset, fragmentLength: length };
  writeHandshakeHeader(bytes, 0, header);
  bytes.set(body.subarray(offset, offset + length), HANDSHAKE_HEADER_BYTES);
  return bytes;
}

/** Fields of a handshake header; `length` is that of the whole message. */
export interface HandshakeHeader {
  readonly type: number;
  readonly length: number;
  readonly sequence: number;
  readonly offset: number;
  readonly fragmentLength: number;
}

/** Writes 12 bytes to `target` at `at`. RFC 6347 section 4.2.2. */
export function writeHandshakeHeader(
  target: Uint8Array,
  at: number,
  { type, length, sequence, offset, fragmentLength }: HandshakeHeader,
): void {
  target[at] = type;
  target[at + 1] = length >>> 16;
  target[at + 2] = length >>> 8;
  target[at + 3] = length;
  target[at + 4] = sequence >>> 8;
  target[at + 5] = sequence;
  target[at + 6] = offset >>> 16;
  target[at + 7] = offset >>> 8;
  target[at + 8] = offset;
  target[at + 9] = fragmentLength >>> 16;
  target[at + 10] = fragmentLength >>> 8;
  target[at + 11] = fragmentLength;
}
