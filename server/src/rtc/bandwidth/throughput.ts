import type { BandwidthLimits } from "./limits.ts";

const initialPackets = 64;
/** Fewer packets, or less time between them, say nothing. */
const minPackets = 8;
const minSpanUs = 100_000;
/** A trickle of packets is measured over a longer time. */
const maxAgeFactor = 4;
/** A busy time is measured from so many packets over so much time. */
const minBusyPackets = 6;
const minBusyUs = 100_000;
/** Arrivals within this time of the shortest delay belong to the idle link. */
const idleDelayUs = 3_000;
/** The receiver's clock was set back. */
const clockJumpUs = 3_000_000;

/** What arrives at the receiver, and how fast it was sent: a ring of the latest arrivals in the order of their feedback. */
export class Throughput {
  readonly #windowUs: number;
  readonly #maxPackets: number;
  #sentUs = new Float64Array(initialPackets);
  #arrivalUs = new Float64Array(initialPackets);
  #bytes = new Uint32Array(initialPackets);
  /** Positions of the oldest and of the next packet; they only grow. */
  #head = 0;
  #tail = 0;
  #sumBytes = 0;
  #newestUs = Number.NEGATIVE_INFINITY;
  /** Of the latest `measureBusy`: the rate at the receiver, and the time it took there and at the sender. */
  busyBps = 0;
  busyArrivalUs = 0;
  busySentUs = 0;

  constructor(limits: BandwidthLimits) {
    this.#windowUs = limits.throughputUs;
    this.#maxPackets = limits.maxThroughputPackets;
  }

  add(sentUs: number, arrivalUs: number, sizeBytes: number): void {
    if (arrivalUs < this.#newestUs - clockJumpUs) this.#clear();
    this.#newestUs = Math.max(this.#newestUs, arrivalUs);
    if (this.#tail - this.#head === this.#bytes.length) this.#makeRoom();
    const slot = this.#tail++ & (this.#bytes.length - 1);
    this.#sentUs[slot] = sentUs;
    this.#arrivalUs[slot] = arrivalUs;
    this.#bytes[slot] = sizeBytes;
    this.#sumBytes += sizeBytes;
    this.#expire();
  }

  /** Rate of arrival, undefined while too little has arrived. GCC section 5.5, R_hat. */
  get receivedBps(): number | undefined {
    if (this.#tail - this.#head < minPackets) return undefined;
    const first = this.#head & (this.#bytes.length - 1);
    const spanUs = this.#newestUs - (this.#arrivalUs[first] ?? 0);
    if (spanUs < minSpanUs) return undefined;
    return ((this.#sumBytes - (this.#bytes[first] ?? 0)) * 8e6) / spanUs;
  }

  /** The same packets' rate of sending. */
  get sentBps(): number | undefined {
    if (this.#tail - this.#head < minPackets) return undefined;
    const mask = this.#bytes.length - 1;
    const last = (this.#tail - 1) & mask;
    const spanUs = (this.#sentUs[last] ?? 0) - (this.#sentUs[this.#head & mask] ?? 0);
    if (spanUs < minSpanUs) return undefined;
    return ((this.#sumBytes - (this.#bytes[last] ?? 0)) * 8e6) / spanUs;
  }

  /**
   * Measures the packets since the link was last seen idle, which while delay grows is what the link carries.
   * False when they are too few.
   */
  measureBusy(): boolean {
    const mask = this.#bytes.length - 1;
    let shortestUs = Number.POSITIVE_INFINITY;
    let from = this.#tail;
    for (let i = this.#tail - 1; i >= this.#head; i--) {
      const delayUs = (this.#arrivalUs[i & mask] ?? 0) - (this.#sentUs[i & mask] ?? 0);
      if (delayUs < shortestUs - idleDelayUs) from = i;
      shortestUs = Math.min(shortestUs, delayUs);
    }
    const last = this.#tail - 1;
    from = this.#atLeast(from);
    if (last - from + 1 < minBusyPackets) return false;
    let bytes = 0;
    for (let i = from + 1; i <= last; i++) bytes += this.#bytes[i & mask] ?? 0;
    this.busyArrivalUs = this.#newestUs - (this.#arrivalUs[from & mask] ?? 0);
    this.busySentUs = (this.#sentUs[last & mask] ?? 0) - (this.#sentUs[from & mask] ?? 0);
    if (this.busyArrivalUs < minBusyUs) return false;
    this.busyBps = (bytes * 8e6) / this.busyArrivalUs;
    return true;
  }

  /** Goes back from `from` until the time and the packets suffice. */
  #atLeast(from: number): number {
    const mask = this.#bytes.length - 1;
    let start = from;
    while (
      start > this.#head &&
      (this.#tail - start < minBusyPackets ||
        this.#newestUs - (this.#arrivalUs[start & mask] ?? 0) < minBusyUs)
    ) {
      start--;
    }
    return start;
  }

  #clear(): void {
    this.#head = this.#tail;
    this.#sumBytes = 0;
    this.#newestUs = Number.NEGATIVE_INFINITY;
  }

  #expire(): void {
    const mask = this.#bytes.length - 1;
    while (this.#tail - this.#head > 1) {
      const slot = this.#head & mask;
      const ageUs = this.#newestUs - (this.#arrivalUs[slot] ?? 0);
      if (ageUs <= this.#windowUs) return;
      if (this.#tail - this.#head <= minPackets && ageUs <= maxAgeFactor * this.#windowUs) return;
      this.#drop();
    }
  }

  #drop(): void {
    this.#sumBytes -= this.#bytes[this.#head & (this.#bytes.length - 1)] ?? 0;
    this.#head++;
  }

  #makeRoom(): void {
    const size = this.#bytes.length;
    if (size >= this.#maxPackets) {
      this.#drop();
      return;
    }
    const sentUs = new Float64Array(size * 2);
    const arrivalUs = new Float64Array(size * 2);
    const bytes = new Uint32Array(size * 2);
    for (let i = this.#head; i < this.#tail; i++) {
      const from = i & (size - 1);
      const to = i & (size * 2 - 1);
      sentUs[to] = this.#sentUs[from] ?? 0;
      arrivalUs[to] = this.#arrivalUs[from] ?? 0;
      bytes[to] = this.#bytes[from] ?? 0;
    }
    this.#sentUs = sentUs;
    this.#arrivalUs = arrivalUs;
    this.#bytes = bytes;
  }
}
