import type { RunHeader } from "./core.ts";
import type { NativeHandle, NativeModule } from "./native-module.ts";

/** Of one entry: five 32-bit words in the order of the machine, then header and prefix. As in native/core.h. */
const entryBytes = 128;
const entryWords = entryBytes / 4;
const headBytes = 20;
/** Header and prefix of a packet that fits into an entry. */
export const maxHeadBytes: number = entryBytes - headBytes;
/** Header, prefix and payload of a packet that fits; the tag comes on top. As in native/core.h. */
export const maxPlainBytes: number = 2048 - 16;
/** Packets of one batch. */
export const batchEntries = 1024;
/** One more than wait for a thread at most, so that the one being filled is never read. */
const batches = 9;
/** So few packets are sent sooner by the caller than by a thread that must wake up first. */
const fewEntries = 16;

/** So far back the payload of a packet is looked for. */
const nearPayloads = 16;

/** Columns of the counters of a worker. As in native/core.h. */
const counterColumns = 8;

/** What the native tier did since it was made. */
export interface NativeCounters {
  readonly packets: number;
  readonly bytes: number;
  /** Calls that found a full socket. */
  readonly busy: number;
  readonly dropped: number;
  readonly errors: number;
  /** What the kernel was handed; fewer than packets where it cut them apart itself. */
  readonly messages: number;
  readonly segmented: number;
}

/** Counters of `workers` workers, for `NativeModule.create`. */
export function nativeCounters(workers: number): Float64Array {
  return new Float64Array(counterColumns * workers);
}

/** Sum over all workers. */
export function readCounters(counters: Float64Array): NativeCounters {
  const sum = new Array<number>(counterColumns).fill(0);
  counters.forEach((value, at) => {
    const column = at % counterColumns;
    sum[column] = (sum[column] ?? 0) + value;
  });
  const [packets = 0, bytes = 0, busy = 0, dropped = 0, errors = 0, messages = 0, segmented = 0] =
    sum;
  return { packets, bytes, busy, dropped, errors, messages, segmented };
}

interface Batch {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** Kept until the batch was worked off: native code reads their memory. */
  payloads: Uint8Array[];
}

function newBatch(): Batch {
  const memory = new ArrayBuffer(batchEntries * entryBytes);
  return { bytes: new Uint8Array(memory), words: new Uint32Array(memory), payloads: [] };
}

/** Packets on their way to one worker of the native tier. */
export class NativeLane {
  readonly worker: number;
  /** Links that it serves. */
  links = 0;
  readonly #native: NativeModule;
  readonly #core: NativeHandle;
  readonly #ring: readonly Batch[] = Array.from({ length: batches }, newBatch);
  #turn = 0;
  #batch: Batch = this.#ring[0] as Batch;
  #count = 0;
  #payloads = 0;
  #closed = false;
  /** Where the payload of the next packet probably is: viewers are sent the same ones in the same order. */
  #guess = 0;
  /** Where the present run of new payloads began. */
  #start = 0;

  constructor(native: NativeModule, core: NativeHandle, worker: number) {
    this.#native = native;
    this.#core = core;
    this.worker = worker;
  }

  /** Queues a packet that fits (`maxHeadBytes`, `maxPlainBytes`). */
  add(
    link: number,
    header: Uint8Array,
    prefix: Uint8Array | undefined,
    payload: Uint8Array,
    ssrc: number,
    index: number,
  ): void {
    if (this.#closed) return;
    const { bytes, words } = this.#batch;
    const word = this.#count * entryWords;
    const head = this.#count * entryBytes + headBytes;
    const headerBytes = header.length;
    const prefixBytes = prefix?.length ?? 0;
    words[word] = link;
    words[word + 1] = this.#place(payload);
    words[word + 2] = ssrc;
    words[word + 3] = index;
    words[word + 4] =
      (Math.floor(index / 0x1_0000_0000) & 0xffff) | (headerBytes << 16) | (prefixBytes << 24);
    bytes.set(header, head);
    if (prefix !== undefined) bytes.set(prefix, head + headerBytes);
    if (++this.#count === batchEntries) this.flush();
  }

  /** Queues the packets of `EgressLink.run`, all of which fit. */
  run(
    link: number,
    header: RunHeader,
    payloads: readonly Uint8Array[],
    from: number,
    end: number,
    marker: number,
    ssrc: number,
    index: number,
  ): void {
    if (this.#closed) return;
    const { bytes: head, words: headWords } = header;
    const lengths = head.length << 16;
    const first = head[0] as number;
    const type = head[1] as number;
    for (let i = from; i < end; i++) {
      const { bytes, words } = this.#batch;
      const word = this.#count * entryWords;
      const sequence = index + i - from;
      words[word] = link;
      words[word + 1] = this.#place(payloads[i] as Uint8Array);
      words[word + 2] = ssrc;
      words[word + 3] = sequence;
      words[word + 4] = (Math.floor(sequence / 0x1_0000_0000) & 0xffff) | lengths;
      const at = 4 * word + headBytes;
      bytes[at] = first;
      bytes[at + 1] = i === marker ? type | 0x80 : type;
      bytes[at + 2] = sequence >>> 8;
      bytes[at + 3] = sequence;
      const to = word + headBytes / 4;
      for (let j = 1; j < headWords.length; j++) words[to + j] = headWords[j] as number;
      if (++this.#count === batchEntries) this.flush();
    }
  }

  /** Takes nothing more, as the native side is about to go. */
  close(): void {
    this.#closed = true;
  }

  /** Hands in what is queued. */
  flush(): void {
    if (this.#count === 0) return;
    const { bytes, payloads } = this.#batch;
    const here = this.#count <= fewEntries;
    const count = this.#count;
    const payloadCount = this.#payloads;
    this.#turn = (this.#turn + 1) % batches;
    this.#batch = this.#ring[this.#turn] as Batch;
    this.#count = 0;
    this.#payloads = 0;
    this.#guess = 0;
    this.#start = 0;
    this.#native.submit(this.#core, this.worker, bytes, count, payloads, payloadCount, here);
    // The one after those that may still wait was worked off: let go of what it kept.
    this.#batch.payloads.length = 0;
  }

  /** Where a payload stands in the table of this batch. A payload that is not found near is entered again. */
  #place(payload: Uint8Array): number {
    const { payloads } = this.#batch;
    let at = this.#guess;
    if (payloads[at] !== payload) at = this.#find(payload);
    this.#guess = at + 1;
    return at;
  }

  #find(payload: Uint8Array): number {
    const { payloads } = this.#batch;
    const end = this.#payloads;
    // The next viewer begins where the one before did.
    if (this.#start < end && payloads[this.#start] === payload) return this.#start;
    for (let at = end - 1; at >= Math.max(0, end - nearPayloads); at--) {
      if (payloads[at] === payload) return at;
    }
    if (this.#guess !== end) this.#start = end;
    payloads[end] = payload;
    this.#payloads = end + 1;
    return end;
  }
}
