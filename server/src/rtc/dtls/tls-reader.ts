import { ProtocolError } from "@millrace/media/error";

/** Reads the presentation language of TLS (RFC 5246 section 4). Every method throws `DTLS_MALFORMED` past the end. */
export class TlsReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  uint8(): number {
    return this.bytes(1)[0] ?? 0;
  }

  uint16(): number {
    return (this.uint8() << 8) | this.uint8();
  }

  uint24(): number {
    return (this.uint16() << 8) | this.uint8();
  }

  /** The next `length` bytes, a view. */
  bytes(length: number): Uint8Array {
    if (length > this.left) throw malformed("a field ends beyond its message");
    const start = this.#offset;
    this.#offset += length;
    return this.#bytes.subarray(start, this.#offset);
  }

  /** A vector with a length of one, two or three bytes before it. */
  vector(lengthBytes: 1 | 2 | 3): Uint8Array {
    const length =
      lengthBytes === 1 ? this.uint8() : lengthBytes === 2 ? this.uint16() : this.uint24();
    return this.bytes(length);
  }

  /** A vector of 16-bit numbers, which must not be empty, with a length of `lengthBytes` before it. */
  numbers16(lengthBytes: 1 | 2): number[] {
    const vector = this.vector(lengthBytes);
    if (vector.length === 0 || vector.length % 2 !== 0)
      throw malformed("a list has no whole number of entries");
    const numbers: number[] = [];
    for (let i = 0; i < vector.length; i += 2) {
      numbers.push(((vector[i] ?? 0) << 8) | (vector[i + 1] ?? 0));
    }
    return numbers;
  }

  /** Nothing may be left. */
  end(): void {
    if (this.left !== 0) throw malformed("bytes follow a message");
  }
}

/** The error of bytes that are not what TLS prescribes. */
export function malformed(message: string): ProtocolError {
  return new ProtocolError("DTLS_MALFORMED", message);
}
