import type { SctpLimits } from "../data/sctp.ts";
import { FRAGMENT_OVERHEAD_BYTES, InboundStream } from "./inbound-stream.ts";
import type { DataFields, ForwardTsnFields } from "./sctp-read.ts";
import { type ChunkBytes, writeSack } from "./sctp-write.ts";
import { add32, after32, distance32 } from "./serial.ts";

/** Most blocks of chunks beyond a missing one, and most repeated chunks, that one SACK tells. */
export const MAX_GAPS = 128;
export const MAX_DUPLICATES = 32;

/** What the receiving half tells. Called from inside `data` and `forward`. */
export interface ReceiverEvents {
  message(streamId: number, ppid: number, bytes: Uint8Array): void;
  messageTooLong(streamId: number): void;
}

/**
 * The receiving half of an association: which chunks came, what is told about them, messages put together.
 * RFC 9260 section 6.2, RFC 3758 section 3.6. Everything it keeps is limited.
 */
export class SctpReceiver {
  readonly #limits: SctpLimits;
  readonly #events: ReceiverEvents;
  #cumulativeTsn = 0;
  /** TSNs that came beyond a missing one. */
  readonly #ahead = new Set<number>();
  readonly #streams = new Map<number, InboundStream>();
  /** Streams of which nothing is taken until they are reset. */
  readonly #muted = new Set<number>();
  #duplicates: number[] = [];
  #bufferedBytes = 0;
  #ackDue = false;

  constructor(limits: SctpLimits, events: ReceiverEvents) {
    this.#limits = limits;
    this.#events = events;
  }

  /** Every chunk up to this one has come. */
  get cumulativeTsn(): number {
    return this.#cumulativeTsn;
  }

  /** What unfinished and early messages cost. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Whether something came that a SACK must tell. */
  get ackDue(): boolean {
    return this.#ackDue;
  }

  /** The peer's first chunk will be `initialTsn`. Forgets everything. */
  begin(initialTsn: number): void {
    this.#cumulativeTsn = add32(initialTsn, -1);
    this.#ahead.clear();
    this.#streams.clear();
    this.#muted.clear();
    this.#duplicates = [];
    this.#bufferedBytes = 0;
    this.#ackDue = false;
  }

  /**
   * Takes a DATA chunk. False when the peer sends what can never become a message and does not
   * stop: the association has to end.
   */
  data(chunk: DataFields): boolean {
    this.#ackDue = true;
    const { tsn } = chunk;
    if (!after32(tsn, this.#cumulativeTsn) || this.#ahead.has(tsn)) {
      if (this.#duplicates.length < MAX_DUPLICATES) this.#duplicates.push(tsn);
      return true;
    }
    const inTurn = distance32(tsn, this.#cumulativeTsn) === 1;
    if (distance32(tsn, this.#cumulativeTsn) > this.#limits.maxChunksAhead) return true;
    const cost = chunk.payload.length + FRAGMENT_OVERHEAD_BYTES;
    if (this.#bufferedBytes + cost > this.#limits.receiveWindowBytes) {
      // The missing chunk always finds room, or nothing would ever go on; a peer that misses none has no excuse.
      if (!inTurn) return true;
      if (this.#ahead.size === 0) return false;
    }
    this.#mark(tsn);
    this.#store(chunk);
    return true;
  }

  /** The peer gives up everything up to a chunk. */
  forward({ cumulativeTsn, streams }: ForwardTsnFields): void {
    this.#ackDue = true;
    if (!after32(cumulativeTsn, this.#cumulativeTsn)) return;
    this.#cumulativeTsn = cumulativeTsn;
    for (const tsn of this.#ahead) if (!after32(tsn, cumulativeTsn)) this.#ahead.delete(tsn);
    this.#advance();
    for (const [id, stream] of this.#streams) {
      this.#change(stream, id, () => stream.abandonUntil(cumulativeTsn));
    }
    for (const [id, ssn] of streams) {
      const stream = this.#stream(id);
      if (stream !== undefined) this.#change(stream, id, () => stream.skipTo(ssn));
    }
  }

  /** The peer begins these streams anew; all of them when the list is empty. RFC 6525 section 5.2.2. */
  reset(streamIds: readonly number[]): void {
    for (const id of streamIds.length > 0 ? streamIds : [...this.#streams.keys()]) {
      this.#drop(id);
      this.#muted.delete(id);
    }
  }

  /** What is to be told now. RFC 9260 section 6.2. */
  takeSack(): ChunkBytes {
    const sack = writeSack(
      this.#cumulativeTsn,
      Math.max(0, this.#limits.receiveWindowBytes - this.#bufferedBytes),
      this.#gaps(),
      this.#duplicates,
    );
    this.#duplicates = [];
    this.#ackDue = false;
    return sack;
  }

  #mark(tsn: number): void {
    this.#ahead.add(tsn);
    this.#advance();
  }

  #advance(): void {
    while (this.#ahead.delete(add32(this.#cumulativeTsn, 1))) {
      this.#cumulativeTsn = add32(this.#cumulativeTsn, 1);
    }
  }

  #store(chunk: DataFields): void {
    const { streamId } = chunk;
    const stream = this.#stream(streamId);
    if (stream === undefined) return;
    let tooLong = false;
    this.#change(stream, streamId, () => {
      tooLong = stream.add(chunk) === "too-long";
    });
    if (!tooLong) return;
    this.#drop(streamId);
    this.#muted.add(streamId);
    this.#events.messageTooLong(streamId);
  }

  /** Undefined for a stream that was not agreed on or is muted: its chunks are acknowledged and dropped. */
  #stream(id: number): InboundStream | undefined {
    if (id >= this.#limits.maxStreams || this.#muted.has(id)) return undefined;
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      stream = new InboundStream(this.#limits.maxMessageBytes);
      this.#streams.set(id, stream);
    }
    return stream;
  }

  /** Does something to a stream and tells the messages that came of it. */
  #change(stream: InboundStream, id: number, change: () => void): void {
    const before = stream.bufferedBytes;
    change();
    this.#bufferedBytes += stream.bufferedBytes - before;
    for (let next = stream.shift(); next !== undefined; next = stream.shift()) {
      this.#events.message(id, next.ppid, next.bytes);
    }
  }

  #drop(id: number): void {
    this.#bufferedBytes -= this.#streams.get(id)?.bufferedBytes ?? 0;
    this.#streams.delete(id);
  }

  /** RFC 9260 section 3.3.4: blocks as offsets to the cumulative TSN, which have 16 bits. */
  #gaps(): [number, number][] {
    if (this.#ahead.size === 0) return [];
    const offsets = [...this.#ahead].map((tsn) => distance32(tsn, this.#cumulativeTsn));
    offsets.sort((a, b) => a - b);
    const gaps: [number, number][] = [];
    for (const offset of offsets) {
      const last = gaps.at(-1);
      if (last !== undefined && last[1] === offset - 1) last[1] = offset;
      else if (gaps.length < MAX_GAPS) gaps.push([offset, offset]);
      else break;
    }
    return gaps;
  }
}
