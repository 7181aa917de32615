import { randomInt } from "node:crypto";

/** The relayed ports of one address: which are free. Every step takes the same time, however few are left. */
export class PortPool {
  readonly #minPort: number;
  /** The first `#free` are free, in no order. */
  readonly #ports: Uint16Array;
  /** Where a port stands in `#ports`. */
  readonly #places: Uint16Array;
  #free: number;

  /** Both ends belong to the pool. Throws `RangeError` when they are no ports or the wrong way round. */
  constructor(minPort: number, maxPort: number) {
    if (!(minPort >= 1 && maxPort <= 65_535 && minPort <= maxPort)) {
      throw new RangeError(`${minPort} to ${maxPort} is no range of ports`);
    }
    this.#minPort = minPort;
    const count = maxPort - minPort + 1;
    this.#ports = Uint16Array.from({ length: count }, (_, at) => minPort + at);
    this.#places = Uint16Array.from({ length: count }, (_, at) => at);
    this.#free = count;
  }

  /** How many are free. */
  get free(): number {
    return this.#free;
  }

  isFree(port: number): boolean {
    const place = this.#places[port - this.#minPort];
    return place !== undefined && place < this.#free;
  }

  /** A free port, hard to guess, which is now taken; undefined when there is none. RFC 8656 section 7.2. */
  take(): number | undefined {
    if (this.#free === 0) return undefined;
    const port = this.#ports[randomInt(this.#free)] as number;
    this.#swap(port, --this.#free);
    return port;
  }

  /** An even free port; with `pair` the next one is free too, and both are taken. */
  takeEven(pair: boolean): number | undefined {
    const count = this.#ports.length;
    const start = randomInt(count);
    for (let step = 0; step < count; step++) {
      const port = this.#minPort + ((start + step) % count);
      if (port % 2 !== 0 || !this.isFree(port) || (pair && !this.isFree(port + 1))) continue;
      this.#swap(port, --this.#free);
      if (pair) this.#swap(port + 1, --this.#free);
      return port;
    }
    return undefined;
  }

  /** Gives a taken port back; one that is free stays so. */
  release(port: number): void {
    const place = this.#places[port - this.#minPort];
    if (place === undefined || place < this.#free) return;
    this.#swap(port, this.#free++);
  }

  #swap(port: number, place: number): void {
    const from = this.#places[port - this.#minPort] as number;
    const other = this.#ports[place] as number;
    this.#ports[from] = other;
    this.#places[other - this.#minPort] = from;
    this.#ports[place] = port;
    this.#places[port - this.#minPort] = place;
  }
}
