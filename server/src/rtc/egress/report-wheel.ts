import type { Clock, Log, Timer } from "../../core/index.ts";

/** Something that reports regularly. */
export interface Reporter {
  report(nowUs: number): void;
  /** It threw: a bug of ours. It is not asked again. */
  failed(error: unknown): void;
}

const spokes = 8;
const spokeMs = 100;

/** Lets every session report every 800 ms, an eighth of them per turn of the one timer, which runs only while there are any. */
export class ReportWheel {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #spokes: readonly Set<Reporter>[] = Array.from({ length: spokes }, () => new Set());
  readonly #spokeOf = new Map<Reporter, Set<Reporter>>();
  #at = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  get size(): number {
    return this.#spokeOf.size;
  }

  /** Its first report comes 800 ms from now, within a spoke. */
  add(reporter: Reporter): void {
    if (this.#spokeOf.has(reporter)) return;
    const spoke = this.#spokes[this.#at] as Set<Reporter>;
    spoke.add(reporter);
    this.#spokeOf.set(reporter, spoke);
    this.#timer ??= this.#clock.after(spokeMs, () => this.#turn());
  }

  remove(reporter: Reporter): void {
    this.#spokeOf.get(reporter)?.delete(reporter);
    this.#spokeOf.delete(reporter);
    if (this.#spokeOf.size === 0) this.close();
  }

  /** May be called twice. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #turn(): void {
    this.#timer = this.#clock.after(spokeMs, () => this.#turn());
    this.#at = (this.#at + 1) % spokes;
    for (const reporter of [...(this.#spokes[this.#at] ?? [])]) {
      try {
        reporter.report(this.#clock.nowUs());
      } catch (error) {
        this.remove(reporter);
        this.#log.error({ err: error }, "a session could not report and was left out");
        reporter.failed(error);
      }
    }
  }
}
