import type { SignalingClock } from "./options.ts";

/** One message as it was pushed, without the name of the place. */
export interface Pushed {
  readonly event: "call-peer" | "call-description" | "call-candidate";
  readonly seq: number;
  readonly body: object;
}

interface Kept extends Pushed {
  readonly size: number;
  readonly atUs: number;
}

/** What a message costs besides its text. */
const overhead = 128;

/**
 * What was pushed lately to one side of a call, numbered from 1, so that it can be pushed again to a client
 * whose connection broke. Bounded in characters, and in time: what is older than a dead connection takes to be
 * noticed and given up is not needed any more.
 */
export class CallBacklog {
  readonly #clock: SignalingClock;
  readonly #maxSize: number;
  readonly #keepMs: number;
  #kept: Kept[] = [];
  #size = 0;
  #last = 0;
  #lost = 0;
  #timer: { cancel(): void } | undefined;

  constructor(clock: SignalingClock, maxSize: number, keepMs: number) {
    this.#clock = clock;
    this.#maxSize = maxSize;
    this.#keepMs = keepMs;
  }

  /** Characters kept. */
  get size(): number {
    return this.#size;
  }

  /** Numbers a message and keeps it. `textLength`: characters of what it carries. */
  add(event: Pushed["event"], body: object, textLength: number): Pushed {
    this.#last += 1;
    const size = textLength + overhead;
    const kept: Kept = { event, seq: this.#last, body, size, atUs: this.#clock.nowUs() };
    this.#kept.push(kept);
    this.#size += size;
    while (this.#size > this.#maxSize) this.#lost = this.#shift();
    this.#timer ??= this.#clock.after(this.#keepMs, () => this.#expire());
    return kept;
  }

  /** What came after the message of that number, in order; undefined when some of it is no longer kept. */
  after(seq: number): readonly Pushed[] | undefined {
    return seq < this.#lost ? undefined : this.#kept.filter((kept) => kept.seq > seq);
  }

  /** Nothing of what was pushed so far is needed any more. May be called twice. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#kept = [];
    this.#size = 0;
    this.#lost = 0;
  }

  #expire(): void {
    this.#timer = undefined;
    const oldestUs = this.#clock.nowUs() - this.#keepMs * 1000;
    while ((this.#kept[0]?.atUs ?? Number.POSITIVE_INFINITY) <= oldestUs) this.#shift();
    const next = this.#kept[0];
    if (next === undefined) return;
    const leftMs = Math.max(1, (next.atUs - oldestUs) / 1000);
    this.#timer = this.#clock.after(leftMs, () => this.#expire());
  }

  #shift(): number {
    const kept = this.#kept.shift();
    this.#size -= kept?.size ?? 0;
    return kept?.seq ?? this.#lost;
  }
}
