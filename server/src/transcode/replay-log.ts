import { type Frame, frameSizeBytes, type TrackInfo } from "@millrace/media/frame";
import type { TranscodeLimits } from "./limits.ts";

/** Frames or configurations of one derivation, in the order in which the codec gets them. */
export interface LogEntry {
  readonly seq: number;
  /** In force from this entry on. */
  readonly info: TrackInfo;
  /** Undefined: only the configuration changes. */
  readonly frame: Frame | undefined;
  readonly sizeBytes: number;
  queuedUs: number;
  /** The codec's state before this entry; undefined before the first one. */
  checkpoint: Uint8Array | undefined;
  /** A codec finished it, perhaps one that is gone. */
  done: boolean;
}

/** What a process needs to begin, or to go on without a gap. */
export interface Replay {
  readonly info: TrackInfo;
  readonly checkpoint: Uint8Array;
  readonly entries: readonly LogEntry[];
  readonly resumeAfterUs: number | null;
}

/** How far the codec is. */
export interface CodecPhase {
  /** No process takes frames yet, so the oldest ones can still be left out. */
  readonly waiting: boolean;
  /** A process was lost, and the next one has not caught up. */
  readonly recovering: boolean;
}

/** Finished audio frames that are repeated so that decoder and encoder swing in before new sound comes. */
const audioHistory = 12;
/** The same in time, for short ones: an AAC encoder holds back 43 ms, and up to 21 more wait for it. */
const audioHistoryUs = 150_000;
/** Whatever their times say, no more are kept. */
const maxAudioHistory = 100;

/**
 * Remembers what a codec process was given but has not finished, and a little before it: audio a
 * few frames, video everything since the key frame. Bounded in time and bytes. No I/O, no clock.
 */
export class ReplayLog {
  /** Frames that were not transcoded because of a limit or a crash. */
  droppedFrames = 0;
  readonly #limits: TranscodeLimits;
  readonly #video: boolean;
  #info: TrackInfo;
  #entries: LogEntry[] = [];
  /** How many entries at the front are acknowledged by the present process. */
  #acked = 0;
  #bytes = 0;
  #ackedBytes = 0;
  #nextSeq = 1;
  /** The codec's state after the last entry, as far as it was acknowledged. */
  #checkpoint: Uint8Array | undefined;
  #deliveredUs = Number.NEGATIVE_INFINITY;
  #awaitsKey: boolean;

  constructor(info: TrackInfo, limits: TranscodeLimits) {
    this.#info = info;
    this.#limits = limits;
    this.#video = info.kind === "video";
    this.#awaitsKey = this.#video;
  }

  /** Entries that are not acknowledged. */
  get pending(): number {
    return this.#entries.length - this.#acked;
  }

  /** Payload bytes that are held. */
  get sizeBytes(): number {
    return this.#bytes;
  }

  /** Takes a frame; undefined when it is dropped. */
  push(frame: Frame, nowUs: number, phase: CodecPhase): LogEntry | undefined {
    const sizeBytes = frameSizeBytes(frame);
    if (phase.waiting) this.#makeRoom(frame, nowUs, phase);
    if (!this.#admits(frame, sizeBytes, nowUs, phase)) {
      this.droppedFrames++;
      this.#awaitsKey = this.#video;
      return undefined;
    }
    this.#awaitsKey = false;
    return this.#append(frame, sizeBytes, nowUs);
  }

  configure(info: TrackInfo, nowUs: number): LogEntry {
    this.#info = info;
    return this.#append(undefined, 0, nowUs);
  }

  /** The entry `seq` is finished; `checkpoint` is the codec's state now, of which it keeps a copy. */
  ack(seq: number, checkpoint: Uint8Array): void {
    const entry = this.#entries[this.#acked];
    if (entry === undefined || entry.seq !== seq) return;
    entry.done = true;
    this.#acked++;
    this.#ackedBytes += entry.sizeBytes;
    this.#setCheckpoint(checkpoint.slice());
    if (!this.#video) this.#trimAudio(entry.frame?.ptsUs);
    else if (entry.frame?.key === true) this.#remove(this.#acked - 1);
  }

  /** Whether a result is new; one that was delivered before a replay is not. */
  deliver(ptsUs: number): boolean {
    if (ptsUs <= this.#deliveredUs) return false;
    this.#deliveredUs = ptsUs;
    return true;
  }

  /**
   * The process is lost: nothing counts as acknowledged. `skipHead` leaves out the frame at which it
   * crashed, so that the next one does not crash at it too.
   */
  rewind(nowUs: number, skipHead: boolean): void {
    const head = this.#acked;
    const poisoned = skipHead && this.#entries[head]?.frame !== undefined;
    if (poisoned && !this.#video) {
      const [left] = this.#entries.splice(head, 1);
      this.#bytes -= left?.sizeBytes ?? 0;
      this.droppedFrames++;
      this.#setCheckpoint(left?.checkpoint);
    }
    this.#acked = 0;
    this.#ackedBytes = 0;
    for (const entry of this.#entries) entry.queuedUs = nowUs;
    if (this.#video) this.#startAtKey(poisoned ? head + 1 : 0);
  }

  /** Everything that a process has to be given. */
  replay(): Replay {
    const [first] = this.#entries;
    return {
      info: first?.info ?? this.#info,
      checkpoint: (first === undefined ? this.#checkpoint : first.checkpoint) ?? none,
      entries: [...this.#entries],
      resumeAfterUs: Number.isFinite(this.#deliveredUs) ? this.#deliveredUs : null,
    };
  }

  /** While no process takes frames, what is new goes before what is old. Nothing is acknowledged then. */
  #makeRoom(frame: Frame, nowUs: number, phase: CodecPhase): void {
    if (this.#video) {
      if (frame.key) this.#remove(this.#entries.length);
      return;
    }
    const oldestUs = nowUs - this.#maxAudioMs(phase) * 1000;
    let count = 0;
    while ((this.#entries[count]?.queuedUs ?? nowUs) < oldestUs) count++;
    const before = this.#entries[0]?.checkpoint;
    this.#remove(count);
    if (count > 0) this.#setCheckpoint(before);
  }

  #trimAudio(newestUs: number | undefined): void {
    const most = this.#acked - audioHistory;
    let count = Math.max(0, this.#acked - maxAudioHistory);
    const beforeUs = (newestUs ?? Number.NEGATIVE_INFINITY) - audioHistoryUs;
    while (count < most && (this.#entries[count]?.frame?.ptsUs ?? beforeUs) <= beforeUs) count++;
    this.#remove(count);
  }

  #maxAudioMs(phase: CodecPhase): number {
    return phase.recovering ? this.#limits.maxRecoveryMs : this.#limits.maxAudioQueueMs;
  }

  #admits(frame: Frame, sizeBytes: number, nowUs: number, phase: CodecPhase): boolean {
    // An empty packet would tell a decoder that nothing follows.
    if (sizeBytes === 0) return false;
    const limits = this.#limits;
    const oldest = this.#entries[this.#acked];
    const ageMs = oldest === undefined ? 0 : (nowUs - oldest.queuedUs) / 1000;
    if (!this.#video) {
      return (
        sizeBytes <= limits.maxAudioFrameBytes &&
        this.#bytes - this.#ackedBytes + sizeBytes <= limits.maxAudioQueueBytes &&
        ageMs <= this.#maxAudioMs(phase)
      );
    }
    if (this.#awaitsKey && !frame.key) return false;
    if (sizeBytes > limits.maxVideoFrameBytes || ageMs > limits.maxVideoQueueMs) return false;
    // What is finished is given up first; a crash then waits for the next key frame.
    if (this.#bytes + sizeBytes > limits.maxVideoQueueBytes) this.#remove(this.#acked);
    return this.#bytes + sizeBytes <= limits.maxVideoQueueBytes;
  }

  #append(frame: Frame | undefined, sizeBytes: number, nowUs: number): LogEntry {
    const entry: LogEntry = {
      seq: this.#nextSeq,
      info: this.#info,
      frame,
      sizeBytes,
      queuedUs: nowUs,
      checkpoint: this.pending === 0 ? this.#checkpoint : undefined,
      done: false,
    };
    this.#nextSeq = (this.#nextSeq % maxSeq) + 1;
    this.#entries.push(entry);
    this.#bytes += sizeBytes;
    return entry;
  }

  /** The codec's state before the first entry that is not acknowledged, or after all of them. */
  #setCheckpoint(checkpoint: Uint8Array | undefined): void {
    const next = this.#entries[this.#acked];
    if (next === undefined) this.#checkpoint = checkpoint;
    else next.checkpoint = checkpoint;
  }

  /** Removes `count` entries from the front and counts the frames that no codec finished. */
  #remove(count: number): void {
    if (count <= 0) return;
    for (const entry of this.#entries.splice(0, count)) {
      this.#bytes -= entry.sizeBytes;
      if (this.#acked > 0) {
        this.#acked--;
        this.#ackedBytes -= entry.sizeBytes;
      }
      if (!entry.done && entry.frame !== undefined) this.droppedFrames++;
    }
  }

  /** Removes everything before the first key frame at or after index `from`. */
  #startAtKey(from: number): void {
    const index = this.#entries.findIndex((entry, at) => at >= from && entry.frame?.key === true);
    this.#remove(index < 0 ? this.#entries.length : index);
    if (index < 0) this.#awaitsKey = true;
  }
}

const maxSeq = 0xffff_fffe;
const none = new Uint8Array(0);
