const initialBytes = 32;
const maxUe = 2 ** 32 - 2;
const maxSe = 2 ** 31 - 1;

/** Writes bit fields, most significant bit first, into a buffer of its own that grows. */
export class BitWriter {
  #bytes = new Uint8Array(initialBytes);
  #position = 0;

  /** Bits written so far. */
  get position(): number {
    return this.#position;
  }

  /** The lowest `count` bits (0 to 32) of `value`, which must be an unsigned number that fits. */
  bits(value: number, count: number): void {
    if (count < 0 || count > 32) throw new RangeError(`cannot write ${count} bits at once`);
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** count) {
      throw new RangeError(`${value} does not fit ${count} bits`);
    }
    this.#reserve(count);
    let left = count;
    while (left > 0) {
      const room = 8 - (this.#position & 7);
      const take = Math.min(room, left);
      const part = Math.floor(value / 2 ** (left - take)) % 2 ** take;
      const index = this.#position >>> 3;
      this.#bytes[index] = (this.#bytes[index] as number) | (part << (room - take));
      this.#position += take;
      left -= take;
    }
  }

  /** One bit. */
  flag(value: boolean): void {
    this.bits(value ? 1 : 0, 1);
  }

  /** Unsigned exponential Golomb code, ITU-T H.264 section 9.1, 0 to 2^32 - 2. */
  ue(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > maxUe) {
      throw new RangeError(`${value} has no exponential Golomb code`);
    }
    const size = Math.floor(Math.log2(value + 1));
    this.bits(0, size);
    this.bits(value + 1, size + 1);
  }

  /** Signed exponential Golomb code, ITU-T H.264 section 9.1.1, -(2^31 - 1) to 2^31 - 1. */
  se(value: number): void {
    if (!Number.isInteger(value) || Math.abs(value) > maxSe) {
      throw new RangeError(`${value} has no exponential Golomb code`);
    }
    this.ue(value > 0 ? value * 2 - 1 : -value * 2);
  }

  /** The bits that end an RBSP, ITU-T H.264 section 7.3.2.11: a one, then zeros up to the byte boundary. */
  rbspTrailingBits(): void {
    this.bits(1, 1);
    this.align();
  }

  /** Zeros up to the next byte boundary. */
  align(): void {
    this.#position = (this.#position + 7) & ~7;
  }

  /** What was written, the last byte filled up with zeros. A copy that the caller owns. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, (this.#position + 7) >>> 3);
  }

  #reserve(count: number): void {
    const needed = (this.#position + count + 7) >>> 3;
    if (needed <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.byteLength * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
