import pino from "pino";

/** How much is kept while standard output does not take it; what comes then is dropped. Bytes. */
const maxPendingBytes = 4 * 1024 * 1024;

/** Lines that come within this time are written together: a write for each costs more than the rest of the line. */
const gatherMs = 50;
/** So many bytes are written without waiting for more. */
const gatherBytes = 8 * 1024;

/** How long the end of the process waits for a reader who does not read; then what is left is dropped. Milliseconds. */
const maxFlushMs = 1000;

let shared: Output | undefined;

/** Standard output, for lines: one for the process, however many logs it has. */
export function standardOutput(): Output {
  shared ??= new Output();
  return shared;
}

/** Gathers lines for a moment, and never lets the process wait for whoever reads them. */
export class Output {
  readonly #destination: ReturnType<typeof pino.destination>;
  #waits = false;
  /** Set while the process waits, and from then on when it did in vain. */
  #flushUntilMs: number | undefined;

  constructor() {
    this.#destination = pino.destination({
      // Asked for its stream, Node makes a pipe non-blocking: a write to a full one must fail and not wait.
      fd: process.stdout.fd ?? 1,
      sync: false,
      minLength: gatherBytes,
      maxLength: maxPendingBytes,
      retryEAGAIN: () => this.#flushUntilMs === undefined || performance.now() < this.#flushUntilMs,
    });
    // A reader that went away must not end the gateway.
    this.#destination.on("error", () => {});
    // However the process ends, but by a signal that nobody catches. Before the destination, which waits without end.
    process.prependOnceListener("exit", () => {
      if (!this.flush()) this.#destination.destroy();
    });
  }

  /** Writes a line soon. */
  write(line: string): void {
    this.#destination.write(line);
    if (this.#waits) return;
    this.#waits = true;
    setTimeout(() => {
      this.#waits = false;
      this.#destination.flush();
    }, gatherMs).unref();
  }

  /**
   * Writes all that waits, and returns whether it could: `maxFlushMs` at most are spent on a reader who does not read,
   * and none once that was in vain.
   */
  flush(): boolean {
    this.#flushUntilMs ??= performance.now() + maxFlushMs;
    try {
      this.#destination.flushSync();
      this.#flushUntilMs = undefined;
      return true;
    } catch {
      // Nobody reads any more.
      return false;
    }
  }
}
