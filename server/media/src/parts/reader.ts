import { decodeUtf8 } from "../amf/utf8.ts";
import { ProtocolError } from "../error/index.ts";
import { ByteQueue } from "../flv/byte-queue.ts";
import { parseRecord } from "./header.ts";
import type { MediaRecord } from "./record.ts";
import { recordPrefixBytes } from "./writer.ts";

export interface PartsReaderLimits {
  /** JSON of one record. Bytes. */
  readonly maxHeaderBytes: number;
  /** Bytes of one init or part. */
  readonly maxPayloadBytes: number;
}

export const defaultPartsReaderLimits: PartsReaderLimits = {
  maxHeaderBytes: 65_536,
  maxPayloadBytes: 32 * 1024 * 1024,
};

/** Reads records that come in pieces of any size. */
export class PartsReader {
  readonly #limits: PartsReaderLimits;
  readonly #queue = new ByteQueue();
  readonly #prefix = new Uint8Array(recordPrefixBytes);
  readonly #lengths = new DataView(this.#prefix.buffer);
  #inRecord = false;
  #headerBytes = 0;
  #payloadBytes = 0;

  constructor(limits: Partial<PartsReaderLimits> = {}) {
    this.#limits = { ...defaultPartsReaderLimits, ...limits };
  }

  /**
   * Takes the next bytes, keeps them, and returns the records that they complete. Types that are not known are left out.
   * @throws ProtocolError `PARTS_HEADER_TOO_LARGE`, `PARTS_PAYLOAD_TOO_LARGE`, `PARTS_HEADER_INVALID`; the reader
   * is of no use after it.
   */
  receive(bytes: Uint8Array): readonly MediaRecord[] {
    this.#queue.push(bytes);
    const records: MediaRecord[] = [];
    for (;;) {
      if (!this.#inRecord && !this.#begin()) return records;
      // Nothing is reserved for what is only promised.
      if (this.#queue.length < this.#headerBytes + this.#payloadBytes) return records;
      const json = decodeUtf8(this.#take(this.#headerBytes));
      const record = parseRecord(json, this.#take(this.#payloadBytes));
      this.#inRecord = false;
      if (record !== undefined) records.push(record);
    }
  }

  /** The answer is over. @throws ProtocolError `PARTS_TRUNCATED` when it ends inside a record. */
  finish(): void {
    if (!this.#inRecord && this.#queue.length === 0) return;
    throw new ProtocolError("PARTS_TRUNCATED", "The answer ends inside a record.");
  }

  #begin(): boolean {
    if (this.#queue.length < recordPrefixBytes) return false;
    this.#queue.readInto(this.#prefix, 0, recordPrefixBytes);
    this.#headerBytes = this.#lengths.getUint32(0);
    this.#payloadBytes = this.#lengths.getUint32(4);
    if (this.#headerBytes > this.#limits.maxHeaderBytes) {
      throw new ProtocolError("PARTS_HEADER_TOO_LARGE", "The header of a record is too long.");
    }
    if (this.#payloadBytes > this.#limits.maxPayloadBytes) {
      throw new ProtocolError("PARTS_PAYLOAD_TOO_LARGE", "A record has too many bytes.");
    }
    this.#inRecord = true;
    return true;
  }

  #take(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    this.#queue.readInto(bytes, 0, count);
    return bytes;
  }
}
