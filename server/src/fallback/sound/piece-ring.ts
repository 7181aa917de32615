/** Some whole frames, ready to be sent. Immutable. */
export interface SoundPiece {
  /** Times of its first and last frame on the stream's clock, microseconds. */
  readonly startUs: number;
  readonly lastUs: number;
  readonly frames: number;
  /** How many frames came before it since the feed began. */
  readonly framesBefore: number;
  readonly bytes: Uint8Array;
}

/**
 * The latest pieces of a stream, each under a number that grows by one. A listener is a number: what
 * it has yet to be sent is in here, once for all listeners.
 */
export class PieceRing {
  readonly #maxUs: number;
  readonly #maxBytes: number;
  #pieces: SoundPiece[] = [];
  #first = 0;
  /** Number of `#pieces[0]`. */
  #base = 0;
  #bytes = 0;

  /** Keeps pieces up to an age against the newest, and up to a size. The newest is kept in any case. */
  constructor(maxUs: number, maxBytes: number) {
    this.#maxUs = maxUs;
    this.#maxBytes = maxBytes;
  }

  /** Number of the oldest piece that is kept. */
  get first(): number {
    return this.#base + this.#first;
  }

  /** Number that the next piece gets. */
  get next(): number {
    return this.#base + this.#pieces.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get newest(): SoundPiece | undefined {
    return this.#pieces.at(-1);
  }

  at(number: number): SoundPiece | undefined {
    return number < this.first ? undefined : this.#pieces[number - this.#base];
  }

  push(piece: SoundPiece): void {
    this.#pieces.push(piece);
    this.#bytes += piece.bytes.byteLength;
    const oldestUs = piece.lastUs - this.#maxUs;
    while (this.first < this.next - 1) {
      const oldest = this.#pieces[this.#first];
      if (oldest === undefined) break;
      if (oldest.startUs >= oldestUs && this.#bytes <= this.#maxBytes) break;
      this.#bytes -= oldest.bytes.byteLength;
      this.#first++;
    }
    if (this.#first < 64) return;
    this.#pieces = this.#pieces.slice(this.#first);
    this.#base += this.#first;
    this.#first = 0;
  }

  /** Number of the first piece that begins at or after a time; `next` when there is none. */
  from(us: number): number {
    let number = this.next;
    while ((this.at(number - 1)?.startUs ?? Number.NEGATIVE_INFINITY) >= us) number--;
    return number;
  }
}
