import { countsOf, fieldsOf, listOf, numberOf } from "./fields.ts";
import { byTransportOrder } from "./transports.ts";

const columns = ["streams", "inBps", "outBps", "cpu", "memoryBytes", "lagMs"] as const;
type Column = (typeof columns)[number];

/** What the server counted for its answer. */
export interface HistoryNow {
  readonly timeMs: number;
  readonly streams: number;
  readonly live: number;
  readonly viewers: Readonly<Record<string, number>>;
}

/** Used when the server does not tell how many samples there are. */
const usualSamples = 450;
/** More samples than this are not kept, whatever a server says. */
const maxSamples = 10_000;

/** The server's last minutes, put together from whole and partial answers of `GET /api/v1/history`. */
export class HistoryWindow {
  #times: number[] = [];
  readonly #columns: Record<Column, number[]> = emptyColumns();
  readonly #viewers = new Map<string, number[]>();
  #samples = usualSamples;
  #cores = 1;
  #now: HistoryNow | undefined;

  /** Milliseconds since 1970, oldest first. */
  get times(): readonly number[] {
    return this.#times;
  }

  get cores(): number {
    return this.#cores;
  }

  get now(): HistoryNow | undefined {
    return this.#now;
  }

  /** Which samples are there already, for `?after=`; undefined while there are none. */
  get lastMs(): number | undefined {
    return this.#times.at(-1);
  }

  column(name: Column): readonly number[] {
    return this.#columns[name];
  }

  /** The newest sample's value; undefined while there is none. */
  last(name: Column): number | undefined {
    return this.#columns[name].at(-1);
  }

  /** Those who had viewers in this time, the best way first. */
  get transports(): readonly string[] {
    return [...this.#viewers.keys()].sort(byTransportOrder);
  }

  viewers(transport: string): readonly number[] {
    return this.#viewers.get(transport) ?? [];
  }

  /** Takes an answer. Samples that are not newer than what is there are left out; the oldest make place. */
  take(document: unknown): void {
    const fields = fieldsOf(document);
    this.#samples = Math.min(numberOf(fields["samples"]) ?? usualSamples, maxSamples);
    this.#cores = numberOf(fields["cores"]) ?? this.#cores;
    this.#now = nowOf(fields["now"]);
    const viewers = fieldsOf(fields["viewers"]);
    const last = this.lastMs ?? Number.NEGATIVE_INFINITY;
    listOf(fields["times"]).forEach((value, at) => {
      const timeMs = numberOf(value);
      if (timeMs === undefined || timeMs <= last) return;
      const read = (column: unknown): number => numberOf(listOf(column)[at]) ?? 0;
      for (const name of columns) this.#columns[name].push(read(fields[name]));
      for (const [transport, counts] of Object.entries(viewers)) {
        this.#countsOf(transport).push(read(counts));
      }
      this.#times.push(timeMs);
      for (const counts of this.#viewers.values()) {
        if (counts.length < this.#times.length) counts.push(0);
      }
    });
    this.#trim();
  }

  /** The server began anew, or was away for longer than it remembers. */
  clear(): void {
    this.#times = [];
    for (const name of columns) this.#columns[name].length = 0;
    this.#viewers.clear();
  }

  #countsOf(transport: string): number[] {
    let counts = this.#viewers.get(transport);
    if (counts === undefined) {
      counts = new Array<number>(this.#times.length).fill(0);
      this.#viewers.set(transport, counts);
    }
    return counts;
  }

  #trim(): void {
    const surplus = this.#times.length - this.#samples;
    if (surplus <= 0) return;
    this.#times.splice(0, surplus);
    for (const name of columns) this.#columns[name].splice(0, surplus);
    for (const [transport, counts] of this.#viewers) {
      counts.splice(0, surplus);
      if (counts.every((count) => count === 0)) this.#viewers.delete(transport);
    }
  }
}

/**
 * Sums from the last column to each one: drawn in this order, each filled down to zero, the columns stand upon each other
 * with the last one lowest.
 */
export function stacked(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const sums: number[][] = [];
  for (let at = rows.length - 1; at >= 0; at--) {
    const below = sums[0];
    sums.unshift((rows[at] ?? []).map((value, sample) => value + (below?.[sample] ?? 0)));
  }
  return sums;
}

function emptyColumns(): Record<Column, number[]> {
  return Object.fromEntries(columns.map((name) => [name, []])) as unknown as Record<
    Column,
    number[]
  >;
}

function nowOf(value: unknown): HistoryNow | undefined {
  const fields = fieldsOf(value);
  const timeMs = numberOf(fields["timeMs"]);
  if (timeMs === undefined) return undefined;
  return {
    timeMs,
    streams: numberOf(fields["streams"]) ?? 0,
    live: numberOf(fields["live"]) ?? 0,
    viewers: countsOf(fields["viewers"]),
  };
}
