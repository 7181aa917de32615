import type { Clock } from "../../core/index.ts";

const slabBytes = 64 * 1024;
/** 8 MiB: a quarter of a second at 30,000 packets per second. */
const maxSlabs = 128;
/** The kernel has sent, or the socket's queue dropped, what was handed over so long ago. */
const reuseAfterUs = 250_000;

interface Slab {
  readonly bytes: Buffer;
  usedUs: number;
}

/**
 * Room for datagrams without an allocation per packet. Bytes handed out stay untouched for a quarter of a
 * second at least; when the ring is too small for that, new memory is taken and the old is left to the collector.
 */
export class SlabRing {
  readonly #clock: Clock;
  readonly #slabs: Slab[] = [];
  #next = 0;
  #current: Slab | undefined;
  #used = slabBytes;
  /** Where the room last taken begins in `bytes`. */
  at = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Slabs held, for tests. */
  get size(): number {
    return this.#slabs.length;
  }

  /** Room for `sizeBytes` (at most 64 KiB), from `at` on in the buffer returned. */
  take(sizeBytes: number): Buffer {
    if (this.#current === undefined || this.#used + sizeBytes > slabBytes) this.#turn();
    this.at = this.#used;
    this.#used += sizeBytes;
    return (this.#current as Slab).bytes;
  }

  #turn(): void {
    const nowUs = this.#clock.nowUs();
    if (this.#current !== undefined) this.#current.usedUs = nowUs;
    const candidate = this.#slabs[this.#next];
    if (candidate !== undefined && nowUs - candidate.usedUs >= reuseAfterUs) {
      this.#current = candidate;
    } else {
      this.#current = { bytes: Buffer.allocUnsafeSlow(slabBytes), usedUs: nowUs };
      if (this.#slabs.length < maxSlabs) this.#slabs.splice(this.#next, 0, this.#current);
      else this.#slabs[this.#next] = this.#current;
    }
    this.#next = (this.#next + 1) % this.#slabs.length;
    this.#used = 0;
  }
}
