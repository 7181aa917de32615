/** Numbers from 0 to 1 that are the same in every run. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    // Mulberry32.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** Where a packet goes that has passed the link. */
export interface LinkUser {
  arrived(sequence: number, sizeBytes: number, atUs: number): void;
}

export interface NetworkOptions {
  /** Bits per second at this time. */
  readonly capacityBps: (nowUs: number) => number;
  /** A token bucket as of `tc tbf`: so much passes at once after a pause. */
  readonly burstBytes?: number;
  /** Drop-tail. */
  readonly queueBytes?: number;
  /** One way, without queueing. */
  readonly delayUs?: number;
  /** Each packet is late by 0 to twice this, but packets keep their order unless `reorder` is set. */
  readonly jitterUs?: number;
  readonly reorder?: boolean;
  /** Share of packets lost at random after the queue. */
  readonly loss?: number;
  readonly seed?: number;
}

interface Queued {
  readonly user: LinkUser;
  readonly sequence: number;
  readonly sizeBytes: number;
  readonly enteredUs: number;
}

/** A link in one direction that several flows may share: capacity over time, drop-tail queue, delay, jitter, random loss. */
export class TestNetwork {
  readonly #options: NetworkOptions;
  readonly #random: SeededRandom;
  readonly #queue: Queued[] = [];
  #freeUs = 0;
  #tokens = 0;
  #tokensUs = 0;
  #lastArrivalUs = 0;
  queuedBytes = 0;
  dropped = 0;
  delivered = 0;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed ?? 1);
  }

  send(user: LinkUser, sequence: number, sizeBytes: number, nowUs: number): void {
    this.advance(nowUs);
    if (this.queuedBytes + sizeBytes > (this.#options.queueBytes ?? 150_000)) {
      this.dropped++;
      return;
    }
    this.queuedBytes += sizeBytes;
    this.#queue.push({ user, sequence, sizeBytes, enteredUs: nowUs });
  }

  /** Serves the queue up to this time. */
  advance(nowUs: number): void {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const startUs = Math.max(this.#freeUs, head.enteredUs);
      const { capacityBps, burstBytes = 0 } = this.#options;
      const bytesPerUs = capacityBps(startUs) / 8e6;
      const tokens = Math.min(burstBytes, this.#tokens + (startUs - this.#tokensUs) * bytesPerUs);
      const endUs = startUs + Math.max(0, head.sizeBytes - tokens) / bytesPerUs;
      if (endUs > nowUs) return;
      this.#queue.shift();
      this.#freeUs = endUs;
      this.#tokens = Math.max(0, tokens - head.sizeBytes);
      this.#tokensUs = endUs;
      this.queuedBytes -= head.sizeBytes;
      this.#deliver(head, endUs);
    }
  }

  #deliver(packet: Queued, servedUs: number): void {
    const { delayUs = 20_000, jitterUs = 0, reorder = false, loss = 0 } = this.#options;
    if (this.#random.next() < loss) {
      this.dropped++;
      return;
    }
    const atUs = servedUs + delayUs + 2 * jitterUs * this.#random.next();
    this.#lastArrivalUs = reorder ? atUs : Math.max(atUs, this.#lastArrivalUs);
    this.delivered++;
    packet.user.arrived(packet.sequence, packet.sizeBytes, this.#lastArrivalUs);
  }
}
