import { sequenceDistance } from "./sequence.ts";

/** Bounds of a ReorderBuffer. */
export interface ReorderLimits {
  /** How long a gap is waited for, counted from the first packet behind it. Default 100. */
  readonly maxDelayMs: number;
  /** Packets held back at most, 1 to 2,999. With more waiting, the gap is given up. Default 512. */
  readonly maxPackets: number;
}

export const defaultReorderLimits: ReorderLimits = { maxDelayMs: 100, maxPackets: 512 };

/** Counters since the buffer was made. */
export interface ReorderCounters {
  /** Sequence numbers given up. */
  readonly lost: number;
  /** Packets whose number had come out or was given up already, and strays from elsewhere. */
  readonly late: number;
  /** Packets that are held already. */
  readonly duplicates: number;
  /** Packets that had to wait for an older one. */
  readonly reordered: number;
  /** Jumps of the sender to other sequence numbers. */
  readonly restarts: number;
}

/** RFC 3550 appendix A.1, MAX_DROPOUT: a longer gap is a restart of the sender. */
const maxDropout = 3000;

interface Slot<P> {
  readonly packet: P;
  readonly arrivedMs: number;
}

/**
 * Puts the RTP packets of one SSRC in order. It never reads a clock: call `expire` when `deadlineMs`
 * has come. After every call in, take out what is ready with `shift` until it gives undefined. Packets
 * come out by rising sequence number, each at most once.
 */
export class ReorderBuffer<P extends { readonly sequence: number }> {
  readonly #limits: ReorderLimits;
  readonly #ring: (Slot<P> | undefined)[];
  readonly #mask: number;
  readonly #ready: P[] = [];
  #readyFrom = 0;
  /** The number that comes out next. */
  #next: number | undefined;
  #held = 0;
  /** When the first packet behind the gap in front arrived; has a meaning while packets are held. */
  #gapSinceMs = 0;
  /** RFC 3550 appendix A.1, bad_seq: the number that would prove a restart. */
  #suspect: number | undefined;
  #lost = 0;
  #late = 0;
  #duplicates = 0;
  #reordered = 0;
  #restarts = 0;

  constructor(limits: ReorderLimits = defaultReorderLimits) {
    if (!(limits.maxPackets >= 1 && limits.maxPackets < maxDropout)) {
      throw new RangeError(`maxPackets ${limits.maxPackets}`);
    }
    const slots = 2 ** Math.ceil(Math.log2(limits.maxPackets + 1));
    this.#limits = limits;
    this.#ring = new Array<Slot<P> | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
  }

  get counters(): ReorderCounters {
    return {
      lost: this.#lost,
      late: this.#late,
      duplicates: this.#duplicates,
      reordered: this.#reordered,
      restarts: this.#restarts,
    };
  }

  /** Packets that wait for an older one. */
  get heldPackets(): number {
    return this.#held;
  }

  /** When the gap in front is given up; undefined while there is none. */
  get deadlineMs(): number | undefined {
    return this.#held === 0 ? undefined : this.#gapSinceMs + this.#limits.maxDelayMs;
  }

  /** Takes a packet that arrived now, and keeps it. */
  push(packet: P, nowMs: number): void {
    this.#next ??= packet.sequence;
    const ahead = sequenceDistance(packet.sequence, this.#next);
    if (ahead < 0 || ahead >= maxDropout) this.#pushOutside(packet, ahead);
    else this.#pushAhead(packet, ahead, nowMs);
    this.expire(nowMs);
  }

  /** Gives up gaps that were waited for long enough. */
  expire(nowMs: number): void {
    while (this.#held > 0) {
      const waitedMs = nowMs - this.#gapSinceMs;
      if (this.#held <= this.#limits.maxPackets && waitedMs < this.#limits.maxDelayMs) return;
      this.#skipGap();
    }
  }

  /** Gives up all gaps: the sender has ended. */
  flush(): void {
    while (this.#held > 0) this.#skipGap();
  }

  /** The next packet in order; undefined when there is none yet. */
  shift(): P | undefined {
    const packet = this.#ready[this.#readyFrom];
    if (packet === undefined) {
      this.#ready.length = 0;
      this.#readyFrom = 0;
      return undefined;
    }
    this.#readyFrom += 1;
    return packet;
  }

  #pushAhead(packet: P, ahead: number, nowMs: number): void {
    this.#suspect = undefined;
    // Behind the ring's reach: what is held comes out first, the gaps in it are given up.
    let distance = ahead;
    while (distance > this.#mask) {
      if (this.#held > 0) this.#skipGap();
      else this.#giveUp(distance);
      distance = sequenceDistance(packet.sequence, this.#next as number);
    }
    if (distance === 0) {
      this.#ready.push(packet);
      this.#next = (packet.sequence + 1) & 0xffff;
      this.#release();
      return;
    }
    const slot = packet.sequence & this.#mask;
    if (this.#ring[slot] !== undefined) {
      this.#duplicates += 1;
      return;
    }
    if (this.#held === 0) this.#gapSinceMs = nowMs;
    this.#ring[slot] = { packet, arrivedMs: nowMs };
    this.#held += 1;
    this.#reordered += 1;
  }

  /** RFC 3550 appendix A.1: two packets in a row with unexpected numbers mean a restart. */
  #pushOutside(packet: P, ahead: number): void {
    const isRestart =
      packet.sequence === this.#suspect && (ahead >= maxDropout || ahead < -maxDropout);
    if (!isRestart) {
      this.#suspect = (packet.sequence + 1) & 0xffff;
      this.#late += 1;
      return;
    }
    this.flush();
    this.#suspect = undefined;
    this.#restarts += 1;
    this.#ready.push(packet);
    this.#next = (packet.sequence + 1) & 0xffff;
  }

  #skipGap(): void {
    let missing = 0;
    let sequence = this.#next as number;
    while (this.#ring[sequence & this.#mask] === undefined) {
      missing += 1;
      sequence = (sequence + 1) & 0xffff;
    }
    this.#giveUp(missing);
    this.#release();
  }

  #giveUp(count: number): void {
    this.#lost += count;
    this.#next = ((this.#next as number) + count) & 0xffff;
  }

  #release(): void {
    let next = this.#next as number;
    for (;;) {
      const index = next & this.#mask;
      const slot = this.#ring[index];
      if (slot === undefined) break;
      this.#ring[index] = undefined;
      this.#held -= 1;
      this.#ready.push(slot.packet);
      next = (next + 1) & 0xffff;
    }
    this.#next = next;
    if (this.#held > 0) this.#gapSinceMs = this.#earliestHeldMs();
  }

  #earliestHeldMs(): number {
    let earliest = Number.POSITIVE_INFINITY;
    let left = this.#held;
    for (let sequence = this.#next as number; left > 0; sequence += 1) {
      const slot = this.#ring[sequence & this.#mask];
      if (slot === undefined) continue;
      left -= 1;
      earliest = Math.min(earliest, slot.arrivedMs);
    }
    return earliest;
  }
}
