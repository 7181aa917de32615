import { type MetadataFields, parseMetadata } from "./metadata-block.ts";

/** Told what is in an ICY stream, in order. */
export interface IcyListener {
  /** Bytes of audio, a view of what was received. */
  audio(bytes: Uint8Array): void;
  /** A block that says something; those that say that nothing changed are only counted. */
  metadata(fields: MetadataFields): void;
}

/** Parts audio and metadata of a stream that arrives in pieces of any size. Holds at most 4,080 bytes. */
export class IcyReader {
  readonly #interval: number;
  readonly #listener: IcyListener;
  #untilBlock: number;
  #block: Uint8Array | undefined;
  #filled = 0;
  #blocks = 0;

  /** `interval`: the answer's `icy-metaint`. */
  constructor(interval: number, listener: IcyListener) {
    if (!Number.isInteger(interval) || interval < 1) throw new RangeError("interval below 1");
    this.#interval = interval;
    this.#untilBlock = interval;
    this.#listener = listener;
  }

  /** Blocks so far, empty ones included. */
  get blocks(): number {
    return this.#blocks;
  }

  /** @throws ProtocolError ICY_METADATA_INVALID. */
  receive(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.byteLength) {
      if (this.#block !== undefined) at = this.#fill(this.#block, bytes, at);
      else if (this.#untilBlock > 0) at = this.#audio(bytes, at);
      else at = this.#begin(bytes, at);
    }
  }

  #audio(bytes: Uint8Array, at: number): number {
    const part = bytes.subarray(at, at + this.#untilBlock);
    this.#untilBlock -= part.byteLength;
    this.#listener.audio(part);
    return at + part.byteLength;
  }

  #begin(bytes: Uint8Array, at: number): number {
    this.#blocks++;
    this.#untilBlock = this.#interval;
    const units = bytes[at] ?? 0;
    this.#filled = 0;
    this.#block = units === 0 ? undefined : new Uint8Array(units * 16);
    return at + 1;
  }

  #fill(block: Uint8Array, bytes: Uint8Array, at: number): number {
    const part = bytes.subarray(at, at + block.byteLength - this.#filled);
    block.set(part, this.#filled);
    this.#filled += part.byteLength;
    if (this.#filled === block.byteLength) {
      this.#block = undefined;
      this.#listener.metadata(parseMetadata(block));
    }
    return at + part.byteLength;
  }
}
