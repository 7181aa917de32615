/** Packets share memory with those that came with them, which are let go of at about the same time. */
const slabBytes = 32 * 1024;

/** Memory for packets that are kept, without an allocation for each. */
export class PacketSlab {
  #bytes = new Uint8Array(0);
  #used = 0;

  /** Room for a packet, which may be taken again unless it is kept. Its bytes are arbitrary. */
  room(sizeBytes: number): Uint8Array {
    if (sizeBytes > slabBytes) return Buffer.allocUnsafeSlow(sizeBytes);
    if (this.#used + sizeBytes > this.#bytes.length) {
      // Not cleared: what is handed out is written over before anybody reads it.
      this.#bytes = Buffer.allocUnsafeSlow(slabBytes);
      this.#used = 0;
    }
    return new Uint8Array(this.#bytes.buffer, this.#used, sizeBytes);
  }

  /** The room that was given last is in use for good. */
  keep(packet: Uint8Array): void {
    if (packet.buffer === this.#bytes.buffer) this.#used += packet.length;
  }
}
