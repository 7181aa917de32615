const columns = ["streams", "inBps", "outBps", "cpu", "memoryBytes", "lagMs"] as const;
type Column = (typeof columns)[number];

/** One sample, without its viewers. */
export type Sample = Readonly<Record<Column | "timeMs", number>>;

/** Samples in columns of equal length, oldest first. */
export type Samples = Readonly<Record<Column | "times", readonly number[]>> & {
  /** By transport; who never had one in these samples is absent. */
  readonly viewers: Readonly<Record<string, readonly number[]>>;
};

/** Ways to watch that are told apart; further ones are left out. */
const maxTransports = 32;

/** The last so many samples, in memory that is taken once. */
export class SampleRing {
  readonly #capacity: number;
  readonly #times: Float64Array;
  readonly #columns: Readonly<Record<Column, Float64Array>>;
  readonly #viewers = new Map<string, Uint32Array>();
  #pushed = 0;

  constructor(capacity: number) {
    const column = (): Float64Array => new Float64Array(capacity);
    this.#capacity = capacity;
    this.#times = column();
    this.#columns = Object.fromEntries(columns.map((name) => [name, column()])) as Record<
      Column,
      Float64Array
    >;
  }

  /** `viewers`: how many by transport. */
  push(viewers: ReadonlyMap<string, number>, sample: Sample): void {
    const place = this.#pushed % this.#capacity;
    this.#times[place] = sample.timeMs;
    for (const name of columns) this.#columns[name][place] = sample[name];
    for (const transport of viewers.keys()) {
      if (this.#viewers.has(transport) || this.#viewers.size >= maxTransports) continue;
      this.#viewers.set(transport, new Uint32Array(this.#capacity));
    }
    for (const [transport, counts] of this.#viewers) counts[place] = viewers.get(transport) ?? 0;
    this.#pushed += 1;
  }

  /** Those taken after that time, milliseconds since 1970. */
  after(timeMs: number): Samples {
    const places: number[] = [];
    for (let age = Math.min(this.#pushed, this.#capacity); age > 0; age--) {
      const place = (this.#pushed - age) % this.#capacity;
      if ((this.#times[place] ?? 0) > timeMs) places.push(place);
    }
    const read = (from: Float64Array | Uint32Array): readonly number[] =>
      places.map((place) => from[place] ?? 0);
    const viewers = [...this.#viewers]
      .map(([transport, counts]) => [transport, read(counts)] as const)
      .filter(([, counts]) => counts.some((count) => count > 0));
    return {
      times: read(this.#times),
      ...(Object.fromEntries(columns.map((name) => [name, read(this.#columns[name])])) as Record<
        Column,
        readonly number[]
      >),
      viewers: Object.fromEntries(viewers),
    };
  }
}
