import { Counter, Gauge, type Registry as Prometheus } from "prom-client";

/** Figures by name in camel case. What only grows, and what also falls. */
export interface Figures {
  readonly growing: Readonly<Record<string, number>>;
  readonly present: Readonly<Record<string, number>>;
}

/** One value of a series: its labels, and the figure. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface SeriesOptions {
  readonly name: string;
  /** What it is, with its unit. */
  readonly help: string;
  readonly labels: readonly string[];
  /** What there is at this moment. What is not told has no series. */
  read(): Iterable<Sample>;
}

/** A gauge that is read when it is asked for. */
export function gauge(prometheus: Prometheus, options: SeriesOptions): void {
  const { name, help, labels, read } = options;
  const made = new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [prometheus],
    collect() {
      made.reset();
      // Without labels a series is there by itself, as 0; nothing known is no 0.
      if (labels.length === 0) made.remove();
      for (const { labels: of, value } of read()) made.set({ ...of }, value);
    },
  });
}

/** A counter whose figures others keep. What it told once it never takes back. */
export function counter(prometheus: Prometheus, options: SeriesOptions): void {
  const { name, help, labels, read } = options;
  const told = new Map<string, Sample>();
  const made = new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [prometheus],
    collect() {
      for (const sample of read()) {
        const key = labels.map((label) => sample.labels[label]).join("\n");
        if (sample.value >= (told.get(key)?.value ?? 0)) told.set(key, sample);
      }
      made.reset();
      for (const { labels: of, value } of told.values()) made.inc({ ...of }, value);
    },
  });
}

/** A gauge that counts things by a label. */
export function countsByLabel(
  prometheus: Prometheus,
  options: {
    readonly name: string;
    readonly help: string;
    readonly label: string;
    /** Told as 0 when there are none. What was seen once is as well. */
    readonly known: readonly string[];
    list(): readonly string[];
  },
): void {
  const { name, help, label, known, list } = options;
  const seen = new Set(known);
  gauge(prometheus, {
    name,
    help,
    labels: [label],
    read() {
      const counts = new Map([...seen].map((value) => [value, 0]));
      for (const value of list()) counts.set(value, (counts.get(value) ?? 0) + 1);
      for (const value of counts.keys()) seen.add(value);
      return [...counts].map(([of, value]) => ({ labels: { [label]: of }, value }));
    },
  });
}

/** One counter with the name as label for what grows, one gauge for what does not. */
export function figures(
  prometheus: Prometheus,
  prefix: string,
  about: string,
  read: () => Figures | undefined,
): void {
  counter(prometheus, {
    name: `${prefix}_events_total`,
    help: `${about}: what happened, by name.`,
    labels: ["event"],
    read: () => named("event", read()?.growing),
  });
  gauge(prometheus, {
    name: `${prefix}_present`,
    help: `${about}: what there is now, by name.`,
    labels: ["what"],
    read: () => named("what", read()?.present),
  });
}

/** Values for a label: so many are told apart, whatever comes after them is `other`. */
export class FewNames {
  readonly #max: number;
  readonly #other: string;
  readonly #names = new Set<string>();

  constructor(max: number, other = "OTHER") {
    this.#max = max;
    this.#other = other;
  }

  of(name: string): string {
    if (this.#names.has(name)) return name;
    if (this.#names.size >= this.#max) return this.#other;
    this.#names.add(name);
    return name;
  }
}

function named(label: string, values: Readonly<Record<string, number>> = {}): readonly Sample[] {
  return Object.entries(values).map(([name, value]) => ({
    labels: { [label]: snake(name) },
    value,
  }));
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
