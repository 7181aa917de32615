import { type DataFields, DataFlag } from "./sctp-read.ts";
import { add16, add32, after16, after32 } from "./serial.ts";

/** What a fragment costs besides its bytes: a peer must not fill memory with empty ones. */
export const FRAGMENT_OVERHEAD_BYTES = 64;

/** A message that is whole. */
export interface WholeMessage {
  readonly ppid: number;
  readonly bytes: Uint8Array;
}

interface Waiting extends WholeMessage {
  readonly costBytes: number;
}

/** `too-long`: the fragment belongs to a message of more bytes than allowed. */
export type Placed = "kept" | "too-long";

/** Puts the messages of one stream together and into order. RFC 9260 sections 6.5, 6.6 and 6.9. */
export class InboundStream {
  readonly #maxMessageBytes: number;
  /** Of messages that are not whole yet, by TSN. */
  #fragments: DataFields[] = [];
  /** Ordered messages that came before their turn, by their number. */
  readonly #waiting = new Map<number, Waiting>();
  #whole: WholeMessage[] = [];
  #nextSsn = 0;
  #bufferedBytes = 0;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** What is kept costs so much. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Takes a fragment that was not seen before; copies its bytes. */
  add(fragment: DataFields): Placed {
    const at = this.#insert({ ...fragment, payload: Uint8Array.from(fragment.payload) });
    let first = at;
    let last = at;
    let bytes = fragment.payload.length;
    while (!begins(this.#fragments[first])) {
      const before = this.#neighbour(first, -1);
      if (before === undefined) break;
      first--;
      bytes += before.payload.length;
    }
    while (!ends(this.#fragments[last])) {
      const next = this.#neighbour(last, 1);
      if (next === undefined) break;
      last++;
      bytes += next.payload.length;
    }
    if (bytes > this.#maxMessageBytes) return "too-long";
    const start = this.#fragments[first];
    if (start === undefined || !begins(start) || !ends(this.#fragments[last])) return "kept";
    const parts = this.#fragments.splice(first, last - first + 1);
    this.#bufferedBytes -= costOf(parts);
    this.#finish(start, join(parts, bytes));
    return "kept";
  }

  /** The next message that is whole and whose turn has come. */
  shift(): WholeMessage | undefined {
    return this.#whole.shift();
  }

  /** Fragments up to `tsn` are given up by the peer: the rest of their messages never comes. */
  abandonUntil(tsn: number): void {
    const gone = this.#fragments.filter((fragment) => !after32(fragment.tsn, tsn));
    if (gone.length === 0) return;
    this.#bufferedBytes -= costOf(gone);
    this.#fragments = this.#fragments.filter((fragment) => after32(fragment.tsn, tsn));
  }

  /** Ordered messages up to number `ssn` come now or never. RFC 3758 section 3.6. */
  skipTo(ssn: number): void {
    if (!after16(add16(ssn, 1), this.#nextSsn)) return;
    const due = [...this.#waiting].filter(([number]) => !after16(number, ssn));
    due.sort(([a], [b]) => (after16(a, b) ? 1 : -1));
    for (const [number, message] of due) this.#release(number, message);
    this.#nextSsn = add16(ssn, 1);
    this.#releaseInTurn();
  }

  #finish(start: DataFields, bytes: Uint8Array): void {
    const message = { ppid: start.ppid, bytes };
    if ((start.flags & DataFlag.unordered) !== 0) {
      this.#whole.push(message);
      return;
    }
    // A number of the past means nothing any more.
    if (start.ssn !== this.#nextSsn && !after16(start.ssn, this.#nextSsn)) return;
    if (this.#waiting.has(start.ssn)) return;
    const costBytes = bytes.length + FRAGMENT_OVERHEAD_BYTES;
    this.#waiting.set(start.ssn, { ...message, costBytes });
    this.#bufferedBytes += costBytes;
    this.#releaseInTurn();
  }

  #releaseInTurn(): void {
    for (;;) {
      const message = this.#waiting.get(this.#nextSsn);
      if (message === undefined) return;
      this.#release(this.#nextSsn, message);
      this.#nextSsn = add16(this.#nextSsn, 1);
    }
  }

  #release(ssn: number, message: Waiting): void {
    this.#waiting.delete(ssn);
    this.#bufferedBytes -= message.costBytes;
    this.#whole.push(message);
  }

  /** The place of the fragment among the others, which it has now. */
  #insert(fragment: DataFields): number {
    let at = this.#fragments.length;
    while (at > 0 && after32(this.#fragments[at - 1]?.tsn ?? 0, fragment.tsn)) at--;
    this.#fragments.splice(at, 0, fragment);
    this.#bufferedBytes += fragment.payload.length + FRAGMENT_OVERHEAD_BYTES;
    return at;
  }

  /** The fragment beside that at `at`, when it is of the same message. */
  #neighbour(at: number, step: 1 | -1): DataFields | undefined {
    const here = this.#fragments[at];
    const other = this.#fragments[at + step];
    if (here === undefined || other === undefined) return undefined;
    if (other.tsn !== add32(here.tsn, step)) return undefined;
    // Between two fragments of one message there is no border.
    return (step === 1 ? begins(other) : ends(other)) ? undefined : other;
  }
}

function begins(fragment: DataFields | undefined): boolean {
  return fragment !== undefined && (fragment.flags & DataFlag.begin) !== 0;
}

function ends(fragment: DataFields | undefined): boolean {
  return fragment !== undefined && (fragment.flags & DataFlag.end) !== 0;
}

function costOf(fragments: readonly DataFields[]): number {
  let bytes = 0;
  for (const fragment of fragments) bytes += fragment.payload.length + FRAGMENT_OVERHEAD_BYTES;
  return bytes;
}

function join(fragments: readonly DataFields[], length: number): Uint8Array {
  const [only] = fragments;
  if (only !== undefined && fragments.length === 1) return only.payload;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const { payload } of fragments) {
    bytes.set(payload, offset);
    offset += payload.length;
  }
  return bytes;
}
