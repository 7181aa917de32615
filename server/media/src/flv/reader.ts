import { ProtocolError } from "../error/index.ts";
import { ByteQueue } from "./byte-queue.ts";
import { MessageBuffer } from "./message-buffer.ts";
import {
  type FlvTag,
  previousTagSizeBytes,
  readU24,
  readU32,
  TagType,
  tagHeaderBytes,
} from "./tag.ts";

export interface FlvReaderLimits {
  /** Bytes of one tag's body. */
  readonly maxTagBytes: number;
  /** Bytes of one script tag's body. */
  readonly maxScriptBytes: number;
  /** Length of the file header, which a later version may extend. */
  readonly maxHeaderBytes: number;
}

export const defaultFlvReaderLimits: FlvReaderLimits = {
  maxTagBytes: 8 * 1024 * 1024,
  maxScriptBytes: 256 * 1024,
  maxHeaderBytes: 1024,
};

/** What an FLV stream consists of. The header's flags are often wrong and say only what may follow. */
export type FlvItem =
  | { readonly type: "header"; readonly hasAudio: boolean; readonly hasVideo: boolean }
  | { readonly type: "tag"; readonly tag: FlvTag };

const fileHeaderBytes = 9;
const typeMask = 0x1f;
const encryptedBit = 0x20;
const reservedBits = 0xc0;

/** Reads FLV that comes in pieces split anywhere. FLV specification 10.1 Annex E. */
export class FlvReader {
  readonly #limits: FlvReaderLimits;
  readonly #queue = new ByteQueue();
  readonly #head = new Uint8Array(tagHeaderBytes);
  #headFilled = 0;
  #state: "file-header" | "tag-header" | "body" = "file-header";
  #skip = 0;
  #body = new MessageBuffer(0);
  #tagType = 0;
  #timestampMs = 0;

  constructor(limits: Partial<FlvReaderLimits> = {}) {
    this.#limits = { ...defaultFlvReaderLimits, ...limits };
  }

  /** Takes the next piece and keeps it. Call `next` until it returns undefined. */
  receive(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /**
   * The next complete item; undefined when more bytes are needed. Bodies belong to the caller.
   * @throws ProtocolError `FLV_HEADER_INVALID`, `FLV_TAG_INVALID`, `FLV_TAG_TOO_LARGE`, `FLV_ENCRYPTED`.
   */
  next(): FlvItem | undefined {
    for (;;) {
      this.#skip -= this.#queue.skip(this.#skip);
      if (this.#skip > 0) return undefined;
      switch (this.#state) {
        case "file-header": {
          if (!this.#fillHead(fileHeaderBytes)) return undefined;
          return this.#fileHeader();
        }
        case "tag-header": {
          if (!this.#fillHead(tagHeaderBytes)) return undefined;
          this.#tagHeader();
          break;
        }
        case "body": {
          this.#body.fill(this.#queue, this.#body.remaining);
          if (!this.#body.done) return undefined;
          this.#skip = previousTagSizeBytes;
          this.#state = "tag-header";
          const body = this.#body.bytes;
          return {
            type: "tag",
            tag: { type: this.#tagType, timestampMs: this.#timestampMs, body },
          };
        }
      }
    }
  }

  #fillHead(length: number): boolean {
    const { length: available } = this.#queue;
    const missing = Math.min(length - this.#headFilled, available);
    this.#headFilled += this.#queue.readInto(this.#head, this.#headFilled, missing);
    if (this.#headFilled < length) return false;
    this.#headFilled = 0;
    return true;
  }

  /** Section E.2. */
  #fileHeader(): FlvItem {
    const head = this.#head;
    const offset = readU32(head, 5);
    const isFlv = head[0] === 0x46 && head[1] === 0x4c && head[2] === 0x56 && head[3] === 1;
    if (!isFlv || offset < fileHeaderBytes || offset > this.#limits.maxHeaderBytes) {
      throw new ProtocolError("FLV_HEADER_INVALID", "not the header of an FLV version 1 stream");
    }
    this.#skip = offset - fileHeaderBytes + previousTagSizeBytes;
    this.#state = "tag-header";
    const flags = head[4] ?? 0;
    return { type: "header", hasAudio: (flags & 4) !== 0, hasVideo: (flags & 1) !== 0 };
  }

  /** Section E.4.1. */
  #tagHeader(): void {
    const head = this.#head;
    const first = head[0] ?? 0;
    const type = first & typeMask;
    if ((first & encryptedBit) !== 0) throw new ProtocolError("FLV_ENCRYPTED", "encrypted tag");
    const isScript = type === TagType.script || type === TagType.scriptAmf3;
    const known = type === TagType.audio || type === TagType.video || isScript;
    if (!known || (first & reservedBits) !== 0) {
      throw new ProtocolError("FLV_TAG_INVALID", `FLV tag type ${first}`);
    }
    const size = readU24(head, 1);
    const limit = isScript ? this.#limits.maxScriptBytes : this.#limits.maxTagBytes;
    if (size > limit) {
      throw new ProtocolError("FLV_TAG_TOO_LARGE", `FLV tag of ${size} bytes, ${limit} allowed`);
    }
    this.#tagType = type;
    this.#timestampMs = (readU24(head, 4) | ((head[7] ?? 0) << 24)) >>> 0;
    this.#body = new MessageBuffer(size);
    this.#state = "body";
  }
}
