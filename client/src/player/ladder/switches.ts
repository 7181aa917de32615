import type { TransportName } from "../transports/transport.ts";

/** Tells when media comes by another transport, and why; once for each change, and only of what plays. */
export class Switches {
  readonly #tell: (
    from: TransportName | undefined,
    to: TransportName | undefined,
    reason: string,
  ) => void;
  #now: TransportName | undefined;
  #reason: string | undefined;
  /** Why another rung was put on the screen; it is told when that plays. */
  #due: string | undefined;

  constructor(
    tell: (from: TransportName | undefined, to: TransportName | undefined, reason: string) => void,
  ) {
    this.#tell = tell;
  }

  /** What was told to play; undefined: nothing. */
  get now(): TransportName | undefined {
    return this.#now;
  }

  /** The reason that was told with it. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Another rung is on the screen. */
  shown(reason: string): void {
    this.#due = reason;
  }

  /** Media comes by `name`. */
  playsBy(name: TransportName): void {
    const due = this.#due;
    this.#due = undefined;
    if (name === this.#now) return;
    const from = this.#now;
    this.#now = name;
    // Without another rung on the screen it is the same transport on another path.
    this.#reason = from === undefined ? "first-frame" : (due ?? "path");
    this.#tell(from, name, this.#reason);
  }

  /** Media comes by none any more. */
  end(reason: string): void {
    const from = this.#now;
    this.#now = undefined;
    this.#reason = undefined;
    this.#due = undefined;
    if (from !== undefined) this.#tell(from, undefined, reason);
  }
}
