import { type Frame, frameSizeBytes } from "@millrace/media/frame";
import type { Track } from "./track.ts";

export interface FrameQueueLimits {
  /** Payload bytes that may wait. */
  readonly maxBytes: number;
  /** Decoding time between the oldest and the newest waiting frame. Microseconds. */
  readonly maxUs: number;
}

export interface QueuedFrame {
  readonly frame: Frame;
  readonly track: Track;
}

/**
 * What one viewer has yet to be sent. When it is full everything in it is dropped and the viewer
 * goes on at the next key frame, so that a slow viewer sees jumps instead of a growing delay and
 * costs a bounded amount of memory.
 */
export class FrameQueue {
  readonly #limits: FrameQueueLimits;
  #entries: QueuedFrame[] = [];
  #first = 0;
  #sizeBytes = 0;
  #awaitsKey = false;
  /** Frames that were not sent because the viewer was too slow. */
  droppedFrames = 0;

  constructor(limits: FrameQueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#entries.length - this.#first;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Takes a frame and keeps its bytes. Returns false when it was dropped. */
  push(track: Track, frame: Frame): boolean {
    if (this.#awaitsKey) {
      if (track.kind !== "video" || !frame.key) {
        this.droppedFrames++;
        return false;
      }
      this.#awaitsKey = false;
    }
    this.#entries.push({ track, frame });
    this.#sizeBytes += frameSizeBytes(frame);
    if (!this.#isFull(frame)) return true;
    return this.#overflow(track, frame);
  }

  /** Takes out the oldest frame. */
  shift(): QueuedFrame | undefined {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return undefined;
    this.#first++;
    this.#sizeBytes -= frameSizeBytes(entry.frame);
    if (this.#first === this.#entries.length || this.#first >= 256) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return entry;
  }

  clear(): void {
    this.#entries = [];
    this.#first = 0;
    this.#sizeBytes = 0;
    this.#awaitsKey = false;
  }

  #isFull(newest: Frame): boolean {
    const oldest = this.#entries[this.#first]?.frame ?? newest;
    return (
      this.#sizeBytes > this.#limits.maxBytes || newest.dtsUs - oldest.dtsUs > this.#limits.maxUs
    );
  }

  #overflow(track: Track, frame: Frame): boolean {
    const hasVideo = this.#entries.some((entry) => entry.track.kind === "video");
    this.droppedFrames += this.length;
    this.clear();
    // A key frame that comes in time for the jump is what the viewer goes on with.
    const goesOn = hasVideo ? track.kind === "video" && frame.key : true;
    this.#awaitsKey = !goesOn;
    if (goesOn && frameSizeBytes(frame) <= this.#limits.maxBytes) {
      this.#entries.push({ track, frame });
      this.#sizeBytes = frameSizeBytes(frame);
      this.droppedFrames--;
      return true;
    }
    return false;
  }
}
