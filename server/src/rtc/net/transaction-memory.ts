const REMEMBERED = 256;

/**
 * The STUN transactions a peer used last, as 32 random bits of each id. With a check every 2.5 s on
 * one pair that is about ten minutes, in one kilobyte.
 */
export class TransactionMemory {
  readonly #ring = new Uint32Array(REMEMBERED);
  #count = 0;

  add(transactionId: Uint8Array): void {
    this.#ring[this.#count++ % REMEMBERED] = bitsOf(transactionId);
  }

  has(transactionId: Uint8Array): boolean {
    const index = this.#ring.indexOf(bitsOf(transactionId));
    return index >= 0 && index < this.#count;
  }
}

function bitsOf(transactionId: Uint8Array): number {
  const view = new DataView(transactionId.buffer, transactionId.byteOffset, transactionId.length);
  return (view.getUint32(0) ^ view.getUint32(4) ^ view.getUint32(8)) >>> 0;
}
