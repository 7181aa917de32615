const WINDOW_BITS = 64;

/** Which of the last 64 record numbers were seen. RFC 6347 section 4.1.2.6. */
export class ReplayWindow {
  #highest = -1;
  /** Bit n of the pair says whether `highest - n` was seen. */
  #low = 0;
  #high = 0;

  /** Whether a record of that number may still be new. */
  isNew(sequence: number): boolean {
    const age = this.#highest - sequence;
    if (age < 0) return true;
    if (age >= WINDOW_BITS) return false;
    const word = age < 32 ? this.#low : this.#high;
    return ((word >>> (age % 32)) & 1) === 0;
  }

  /** Remembers an authentic record. */
  add(sequence: number): void {
    const age = this.#highest - sequence;
    if (age < 0) {
      this.#shift(-age);
      this.#highest = sequence;
      this.#low |= 1;
    } else if (age < 32) {
      this.#low |= 1 << age;
    } else if (age < WINDOW_BITS) {
      this.#high |= 1 << (age - 32);
    }
  }

  #shift(by: number): void {
    if (by >= WINDOW_BITS) {
      this.#low = 0;
      this.#high = 0;
    } else if (by >= 32) {
      this.#high = this.#low << (by - 32);
      this.#low = 0;
    } else {
      this.#high = (this.#high << by) | (this.#low >>> (32 - by));
      this.#low <<= by;
    }
  }
}
