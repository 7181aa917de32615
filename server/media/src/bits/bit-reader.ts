import { ProtocolError } from "../error/index.ts";

const maxExpGolombZeros = 32;

/**
 * Reads bit fields, most significant bit first. Keeps the bytes and never changes them.
 * Every read past the end throws ProtocolError BITS_EXHAUSTED and leaves the position alone.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bits read so far. */
  get position(): number {
    return this.#position;
  }

  /** Bits not read yet. */
  get bitsLeft(): number {
    return this.#bytes.byteLength * 8 - this.#position;
  }

  /** One bit, 0 or 1. */
  bit(): number {
    this.#need(1);
    const value =
      ((this.#bytes[this.#position >>> 3] as number) >>> (7 - (this.#position & 7))) & 1;
    this.#position += 1;
    return value;
  }

  /** One bit as a flag. */
  flag(): boolean {
    return this.bit() === 1;
  }

  /** An unsigned number of `count` bits, 0 to 32. */
  bits(count: number): number {
    if (count < 0 || count > 32) throw new RangeError(`cannot read ${count} bits at once`);
    this.#need(count);
    let value = 0;
    let left = count;
    while (left > 0) {
      const inByte = 8 - (this.#position & 7);
      const take = Math.min(inByte, left);
      const byte = this.#bytes[this.#position >>> 3] as number;
      const part = (byte >>> (inByte - take)) & ((1 << take) - 1);
      // Multiplication, since a shift would make 32-bit numbers negative.
      value = value * (1 << take) + part;
      this.#position += take;
      left -= take;
    }
    return value;
  }

  /** Passes over `count` bits. */
  skip(count: number): void {
    this.#need(count);
    this.#position += count;
  }

  /** Moves to the next byte boundary; stays where it is when it stands on one. */
  align(): void {
    this.#position = (this.#position + 7) & ~7;
  }

  /**
   * Unsigned exponential Golomb code, ITU-T H.264 section 9.1, 0 to 2^32 - 2.
   * @throws ProtocolError BITS_EXP_GOLOMB when the code is for a number above that
   */
  ue(): number {
    const start = this.#position;
    try {
      let zeros = 0;
      while (this.bit() === 0) {
        zeros += 1;
        if (zeros >= maxExpGolombZeros) {
          throw new ProtocolError("BITS_EXP_GOLOMB", "exponential Golomb code above 32 bits");
        }
      }
      return 2 ** zeros - 1 + this.bits(zeros);
    } catch (error) {
      this.#position = start;
      throw error;
    }
  }

  /** Signed exponential Golomb code, ITU-T H.264 section 9.1.1, -(2^31 - 1) to 2^31 - 1. */
  se(): number {
    const code = this.ue();
    const size = Math.ceil(code / 2);
    if (code % 2 === 1) return size;
    return size === 0 ? 0 : -size;
  }

  #need(count: number): void {
    if (count > this.bitsLeft) {
      throw new ProtocolError("BITS_EXHAUSTED", `${count} bits wanted, ${this.bitsLeft} left`);
    }
  }
}
