const initialPackets = 256;

/** What is known of a sent packet. */
export const PacketState: {
  readonly pending: 0;
  readonly received: 1;
  readonly lost: 2;
  /** Its feedback never came; its bytes were counted with a later packet's. */
  readonly assumed: 3;
} = { pending: 0, received: 1, lost: 2, assumed: 3 };

/** Packets of one viewer that wait for their feedback: a ring by sequence number, which grows by doubling up to a limit. */
export class SentHistory {
  readonly #keepUs: number;
  readonly #maxPackets: number;
  #mask = initialPackets - 1;
  #sequences = new Int32Array(initialPackets);
  #sentUs = new Float64Array(initialPackets).fill(Number.NEGATIVE_INFINITY);
  #bytes = new Uint16Array(initialPackets);
  #probes = new Uint16Array(initialPackets);
  #states = new Uint8Array(initialPackets);
  #first = -1;
  #last = -1;

  /** Packets younger than `keepUs` are kept, but never more than `maxPackets`, a power of two. */
  constructor(keepUs: number, maxPackets: number) {
    this.#keepUs = keepUs;
    this.#maxPackets = maxPackets;
  }

  /** Extended sequence number of the latest packet; -1 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Extended sequence number of the first packet ever; -1 before it. */
  get first(): number {
    return this.#first;
  }

  /** Packets there is room for. */
  get capacity(): number {
    return this.#mask + 1;
  }

  /** Throws when `sequence` does not increase. */
  note(sequence: number, sizeBytes: number, nowUs: number, probe: number): void {
    if (!(sequence > this.#last)) throw new Error("transport-wide sequence numbers must increase");
    if (this.#first < 0) this.#first = sequence;
    let slot = sequence & this.#mask;
    while ((this.#sentUs[slot] ?? 0) > nowUs - this.#keepUs && this.capacity < this.#maxPackets) {
      this.#grow();
      slot = sequence & this.#mask;
    }
    this.#last = sequence;
    this.#sequences[slot] = sequence;
    this.#sentUs[slot] = nowUs;
    this.#bytes[slot] = sizeBytes;
    this.#probes[slot] = probe;
    this.#states[slot] = PacketState.pending;
  }

  /** The extended number that a 16-bit one stands for: the latest that was sent. */
  extend(sequence: number): number {
    return this.#last - ((this.#last - sequence) & 0xffff);
  }

  /** The slot of an extended sequence number; -1 when it was never sent or is too long ago. */
  find(sequence: number): number {
    if (sequence < this.#first || sequence > this.#last) return -1;
    const slot = sequence & this.#mask;
    return this.#sequences[slot] === (sequence | 0) && this.sentUs(slot) !== -Infinity ? slot : -1;
  }

  sentUs(slot: number): number {
    return this.#sentUs[slot] ?? 0;
  }

  bytes(slot: number): number {
    return this.#bytes[slot] ?? 0;
  }

  probe(slot: number): number {
    return this.#probes[slot] ?? 0;
  }

  /** A `PacketState`. */
  state(slot: number): number {
    return this.#states[slot] ?? 0;
  }

  setState(slot: number, state: number): void {
    this.#states[slot] = state;
  }

  #grow(): void {
    const size = this.capacity * 2;
    const mask = size - 1;
    const sequences = new Int32Array(size);
    const sentUs = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
    const bytes = new Uint16Array(size);
    const probes = new Uint16Array(size);
    const states = new Uint8Array(size);
    for (let from = 0; from < this.capacity; from++) {
      const to = (this.#sequences[from] ?? 0) & mask;
      sequences[to] = this.#sequences[from] ?? 0;
      sentUs[to] = this.sentUs(from);
      bytes[to] = this.bytes(from);
      probes[to] = this.probe(from);
      states[to] = this.state(from);
    }
    this.#mask = mask;
    this.#sequences = sequences;
    this.#sentUs = sentUs;
    this.#bytes = bytes;
    this.#probes = probes;
    this.#states = states;
  }
}
