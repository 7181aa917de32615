import type { Clock, Timer } from "../../core/ports.ts";
import { readParameters, type SctpParameter } from "./sctp-read.ts";
import {
  type ChunkBytes,
  ReconfigParameter,
  writeResetRequest,
  writeResetResponse,
} from "./sctp-write.ts";
import { add32, after32 } from "./serial.ts";

/** Most streams of one request, so that it fits into a packet. */
const MAX_STREAMS_OF_REQUEST = 135;
const FIRST_TIMEOUT_MS = 1_000;
const LONGEST_TIMEOUT_MS = 10_000;
/** After so many the peer will not answer any more; the streams count as ended. */
const MAX_REQUESTS = 6;

/** RFC 6525 section 4.4. */
const Result = { nothingToDo: 0, performed: 1, denied: 2, badSequence: 5, inProgress: 6 } as const;

/** The rest of the association, as resets need it. */
export interface ResetHost {
  readonly clock: Clock;
  /** Next number of a DATA chunk of ours. */
  readonly nextTsn: number;
  /** Every chunk of the peer up to this one has come. */
  readonly cumulativeTsn: number;
  send(chunk: ChunkBytes): void;
  /** Whether something sent on that stream is not acknowledged yet. */
  uses(streamId: number): boolean;
  /** The peer begins these streams anew; all when empty. */
  peerReset(streamIds: readonly number[]): void;
  /** Ours have ended. */
  resetDone(streamIds: readonly number[]): void;
}

interface Request {
  readonly sequence: number;
  readonly streamIds: readonly number[];
  readonly lastTsn: number;
  sends: number;
}

/** Ends streams in both directions. RFC 6525 sections 5.1.2 and 5.2; one request of ours at a time. */
export class SctpResets {
  readonly #host: ResetHost;
  readonly #waiting = new Set<number>();
  #request: Request | undefined;
  #timer: Timer | undefined;
  #nextSequence = 0;
  #peerSequence = 0;
  #lastResult: number = Result.nothingToDo;

  constructor(host: ResetHost) {
    this.#host = host;
  }

  /** Request numbers begin with the first TSN of each side. RFC 6525 section 4.1. */
  begin(ourInitialTsn: number, peerInitialTsn: number): void {
    this.#nextSequence = ourInitialTsn;
    this.#peerSequence = peerInitialTsn;
  }

  /** Ends our direction as soon as everything sent on it is acknowledged. */
  add(streamId: number): void {
    if (this.#request?.streamIds.includes(streamId) === true) return;
    this.#waiting.add(streamId);
    this.advance();
  }

  /** Something was acknowledged: asks for what can be ended now. */
  advance(): void {
    if (this.#request !== undefined || this.#waiting.size === 0) return;
    const ready = [...this.#waiting]
      .filter((id) => !this.#host.uses(id))
      .slice(0, MAX_STREAMS_OF_REQUEST);
    if (ready.length === 0) return;
    for (const id of ready) this.#waiting.delete(id);
    const sequence = this.#nextSequence;
    this.#nextSequence = add32(sequence, 1);
    const lastTsn = add32(this.#host.nextTsn, -1);
    this.#request = { sequence, streamIds: ready, lastTsn, sends: 0 };
    this.#ask(this.#request);
  }

  /** The peer shows that it has done what it was asked for that stream. */
  confirm(streamId: number): void {
    const request = this.#request;
    if (request?.streamIds.includes(streamId) === true) this.#finish(request);
  }

  /** Takes the body of a RE-CONFIG chunk. */
  receive(body: Uint8Array): void {
    for (const parameter of readParameters(body) ?? []) {
      if (parameter.type === ReconfigParameter.response) this.#onResponse(parameter);
      else this.#onRequest(parameter);
    }
  }

  /** Leaves no timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting.clear();
    this.#request = undefined;
  }

  #ask(request: Request): void {
    const { clock } = this.#host;
    if (++request.sends > MAX_REQUESTS) {
      this.#finish(request);
      return;
    }
    const { sequence, lastTsn, streamIds } = request;
    this.#timer?.cancel();
    const delayMs = Math.min(FIRST_TIMEOUT_MS * 2 ** (request.sends - 1), LONGEST_TIMEOUT_MS);
    this.#timer = clock.after(delayMs, () => this.#ask(request));
    this.#host.send(writeResetRequest(sequence, add32(this.#peerSequence, -1), lastTsn, streamIds));
  }

  #finish(request: Request): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#request = undefined;
    this.#host.resetDone(request.streamIds);
    this.advance();
  }

  #onResponse({ value }: SctpParameter): void {
    const request = this.#request;
    if (request === undefined || value.length < 8) return;
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    if (view.getUint32(0) !== request.sequence) return;
    // The timer asks again.
    if (view.getUint32(4) === Result.inProgress) return;
    // What is refused cannot be had by asking again: the stream stays unused.
    this.#finish(request);
  }

  /** RFC 6525 section 5.2.1. */
  #onRequest({ type, value }: SctpParameter): void {
    if (value.length < 4) return;
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    const sequence = view.getUint32(0);
    if (sequence === add32(this.#peerSequence, -1)) {
      this.#host.send(writeResetResponse(sequence, this.#lastResult));
      return;
    }
    if (sequence !== this.#peerSequence) {
      this.#host.send(writeResetResponse(sequence, Result.badSequence));
      return;
    }
    if (type !== ReconfigParameter.resetRequest || value.length < 12) {
      this.#conclude(sequence, Result.denied);
      return;
    }
    // Messages of before are still on their way: the peer asks again.
    if (after32(view.getUint32(8), this.#host.cumulativeTsn)) {
      this.#host.send(writeResetResponse(sequence, Result.inProgress));
      return;
    }
    const streamIds: number[] = [];
    for (let offset = 12; offset + 2 <= value.length; offset += 2) {
      streamIds.push(view.getUint16(offset));
    }
    this.#conclude(sequence, Result.performed);
    this.#host.peerReset(streamIds);
  }

  #conclude(sequence: number, result: number): void {
    this.#peerSequence = add32(sequence, 1);
    this.#lastResult = result;
    this.#host.send(writeResetResponse(sequence, result));
  }
}
