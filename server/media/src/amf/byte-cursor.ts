import { ProtocolError } from "../error/index.ts";

/** Reads big-endian fields of a complete message. @throws ProtocolError `AMF_TRUNCATED` at its end. */
export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next byte without taking it. */
  peek(): number {
    this.#need(1);
    return this.#view.getUint8(this.#at);
  }

  u8(): number {
    this.#need(1);
    return this.#view.getUint8(this.#at++);
  }

  u16(): number {
    this.#need(2);
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2);
  }

  u32(): number {
    this.#need(4);
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  f64(): number {
    this.#need(8);
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8);
  }

  /** The next bytes; they belong to the message. */
  take(length: number): Uint8Array {
    this.#need(length);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #need(length: number): void {
    if (this.remaining < length) {
      throw new ProtocolError("AMF_TRUNCATED", `AMF ends ${length - this.remaining} bytes early`);
    }
  }
}
