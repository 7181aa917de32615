import type { DataChannel } from "./channel.ts";

/** The channels of one peer by stream, each until both of its directions have ended. RFC 8831 section 6.7. */
export class ChannelTable {
  readonly #channels = new Map<number, DataChannel>();
  /** Streams on which our direction, and those on which the peer's direction has not ended yet. */
  readonly #ours = new Set<number>();
  readonly #theirs = new Set<number>();
  readonly #maxStreams: number;
  /** The DTLS server takes odd streams. RFC 8832 section 6. */
  #nextId = 1;

  constructor(maxStreams: number) {
    this.#maxStreams = maxStreams;
  }

  get size(): number {
    return this.#channels.size;
  }

  get ids(): number[] {
    return [...this.#channels.keys()];
  }

  values(): IterableIterator<DataChannel> {
    return this.#channels.values();
  }

  get(id: number): DataChannel | undefined {
    return this.#channels.get(id);
  }

  add(channel: DataChannel): void {
    // Some libraries choose by the ICE role instead of the DTLS role: then ours are the others.
    if (channel.openedByPeer && channel.id % 2 === this.#nextId % 2) this.#nextId ^= 1;
    this.#channels.set(channel.id, channel);
    this.#ours.add(channel.id);
    this.#theirs.add(channel.id);
  }

  /** Whether the peer has ended its direction and only we are not done. */
  awaitsOurEnd(id: number): boolean {
    return this.#ours.has(id) && !this.#theirs.has(id);
  }

  ourEnd(id: number): void {
    this.#ours.delete(id);
    this.#forgetEnded(id);
  }

  theirEnd(id: number): void {
    this.#theirs.delete(id);
    this.#forgetEnded(id);
  }

  /**
   * A stream for a channel that we open, never of the kind that the peer takes. One that was used is used again as
   * late as possible, since the peer may learn of its end later than we do. RFC 8832 section 6.
   */
  freeId(): number {
    do {
      const id = this.#nextId;
      this.#nextId = id + 2 < this.#maxStreams ? id + 2 : id % 2;
      if (!this.#channels.has(id)) return id;
    } while (this.#channels.size < this.#maxStreams);
    throw new Error("every stream is taken");
  }

  clear(): void {
    for (const channel of this.#channels.values()) channel.state = "closed";
    this.#channels.clear();
    this.#ours.clear();
    this.#theirs.clear();
  }

  #forgetEnded(id: number): void {
    const channel = this.#channels.get(id);
    if (channel === undefined || this.#ours.has(id) || this.#theirs.has(id)) return;
    channel.state = "closed";
    this.#channels.delete(id);
  }
}
