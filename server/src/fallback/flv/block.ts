const crlf = 0x0d0a;
const crlfBytes = 2;

/** RFC 6455 section 5.2: FIN and opcode 2, a whole binary message. */
const binaryMessage = 0x82;
const twoByteLength = 126;
const eightByteLength = 127;

/** How bytes are framed on a connection: as they are (HTTP/1.0), in chunks (HTTP/1.1) or as binary messages. */
export type Wire = "raw" | "chunked" | "websocket";

/** What stands in front of a block on the stream's time line. */
export interface BlockPlace {
  /** Bytes and frames of all blocks up to the end of this one. */
  readonly endBytes: number;
  readonly endFrames: number;
  /** Decoding time of its last frame. Microseconds. */
  readonly endUs: number;
}

/**
 * Whole FLV tags that are written together, framed once per wire for everybody. Immutable but for `next`,
 * so a viewer who holds a block holds all that he has yet to be sent.
 */
export class Block {
  /** What follows on the stream. */
  next: Block | undefined;
  readonly place: BlockPlace;
  readonly sizeBytes: number;
  /** Grows with each group of pictures; set on the empty block in front of a group. */
  readonly group: number | undefined;
  /** One HTTP chunk; the tags inside it are what HTTP/1.0 is sent. */
  readonly #chunk: Buffer;
  readonly #payload: Buffer;
  #message: Buffer | undefined;

  constructor(tags: readonly Uint8Array[], place: BlockPlace, group?: number) {
    let sizeBytes = 0;
    for (const tag of tags) sizeBytes += tag.length;
    this.sizeBytes = sizeBytes;
    this.place = place;
    this.group = group;
    // RFC 9112 section 7.1: the size in hexadecimal, CRLF, the data, CRLF.
    const size = sizeBytes.toString(16);
    const from = size.length + crlfBytes;
    this.#chunk = Buffer.allocUnsafe(from + sizeBytes + crlfBytes);
    this.#chunk.write(size, 0, "latin1");
    this.#chunk.writeUInt16BE(crlf, size.length);
    let at = from;
    for (const tag of tags) {
      this.#chunk.set(tag, at);
      at += tag.length;
    }
    this.#chunk.writeUInt16BE(crlf, at);
    this.#payload = this.#chunk.subarray(from, at);
  }

  /** The block as it stands on that wire. Shared: must not be changed. Not for empty blocks. */
  bytes(wire: Wire): Buffer {
    if (wire === "chunked") return this.#chunk;
    if (wire === "raw") return this.#payload;
    this.#message ??= messageOf(this.#payload);
    return this.#message;
  }
}

/** RFC 6455 section 5.2, an unmasked frame as servers send it. */
function messageOf(payload: Buffer): Buffer {
  const { length } = payload;
  const headerBytes = length < twoByteLength ? 2 : length <= 0xffff ? 4 : 10;
  const message = Buffer.allocUnsafe(headerBytes + length);
  message[0] = binaryMessage;
  if (headerBytes === 2) {
    message[1] = length;
  } else if (headerBytes === 4) {
    message[1] = twoByteLength;
    message.writeUInt16BE(length, 2);
  } else {
    message[1] = eightByteLength;
    message.writeUInt32BE(0, 2);
    message.writeUInt32BE(length, 6);
  }
  message.set(payload, headerBytes);
  return message;
}
