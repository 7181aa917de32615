import { RtpFrame, type RtpFrameStart } from "./rtp-frame.ts";

export interface HistoryLimits {
  readonly maxPackets: number;
  /** Wire bytes. */
  readonly maxBytes: number;
  readonly maxUs: number;
}

/** Enough for a replay of ten seconds at 6 Mbit/s and retransmissions out of it. */
export const defaultHistoryLimits: HistoryLimits = {
  maxPackets: 8192,
  maxBytes: 16 * 1024 * 1024,
  maxUs: 15_000_000,
};

/**
 * The latest packetised frames of one output, shared by all its viewers: what is replayed, what is still queued for
 * somebody, and what may be sent again. The newest key frame is kept whatever the limits say.
 */
export class FrameHistory {
  readonly #limits: HistoryLimits;
  #frames: (RtpFrame | undefined)[] = [];
  /** Index of the oldest frame in `#frames`. */
  #head = 0;
  /** Number of the oldest frame. */
  #first = 0;
  #packets = 0;
  #endBytes = 0;
  #key: RtpFrame | undefined;

  constructor(limits: HistoryLimits = defaultHistoryLimits) {
    this.#limits = limits;
  }

  /** Number that the next frame gets. */
  get next(): number {
    return this.#first + this.#frames.length - this.#head;
  }

  /** Number of the oldest frame that is kept. */
  get first(): number {
    return this.#first;
  }

  get latest(): RtpFrame | undefined {
    return this.#frames[this.#frames.length - 1];
  }

  /** The newest key frame. */
  get key(): RtpFrame | undefined {
    return this.#key;
  }

  /** Wire bytes of all frames so far. */
  get endBytes(): number {
    return this.#endBytes;
  }

  get packets(): number {
    return this.#packets;
  }

  /** Undefined when it is not kept any more or does not exist yet. */
  get(number: number): RtpFrame | undefined {
    if (number >= this.#first) return this.#frames[this.#head + number - this.#first];
    return this.#key?.number === number ? this.#key : undefined;
  }

  /** Begins a frame, which gets the number `next`. It closes the frame before, if that still grew. */
  push(start: Omit<RtpFrameStart, "number">, complete: boolean): RtpFrame {
    this.grow(true);
    const frame = new RtpFrame({ ...start, number: this.next }, this.#endBytes);
    this.#frames.push(frame);
    if (frame.key) this.#key = frame;
    this.grow(complete);
    return frame;
  }

  /** The latest frame has more payloads, or is complete now. */
  grow(complete: boolean): void {
    const frame = this.latest;
    if (frame === undefined || frame.complete) return;
    const before = frame.packets;
    frame.grow(complete);
    this.#packets += frame.packets - before;
    this.#endBytes = frame.endBytes;
    while (this.#over(frame)) this.#drop();
    if (this.#head > 512) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Another source follows: no frame of the old one may be predicted from. Retransmissions stay possible. */
  forgetKey(): void {
    this.#key = undefined;
  }

  #over(newest: RtpFrame): boolean {
    const oldest = this.#frames[this.#head];
    if (oldest === undefined || oldest === newest) return false;
    return (
      this.#packets > this.#limits.maxPackets ||
      newest.endBytes - oldest.endBytes + oldest.sizeBytes > this.#limits.maxBytes ||
      newest.ptsUs - oldest.ptsUs > this.#limits.maxUs
    );
  }

  #drop(): void {
    this.#packets -= this.#frames[this.#head]?.packets ?? 0;
    this.#frames[this.#head] = undefined;
    this.#head++;
    this.#first++;
  }
}
