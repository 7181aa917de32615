import type { TransportName } from "../transports/transport.ts";

/** The simulcast layer that each rung plays, told for the one that is shown. */
export class ShownLayer {
  readonly #tell: (rid: string | null) => void;
  readonly #layers = new Map<TransportName, string | null>();
  #now: string | null = null;

  constructor(tell: (rid: string | null) => void) {
    this.#tell = tell;
  }

  /** What was told; null: none, or there are no layers. */
  get now(): string | null {
    return this.#now;
  }

  /** `rung` plays this layer. */
  set(rung: TransportName, rid: string | null): void {
    this.#layers.set(rung, rid);
  }

  /** `rung` plays nothing any more. */
  forget(rung: TransportName): void {
    this.#layers.delete(rung);
  }

  /** Tells what is new, with `shown` on the screen. */
  update(shown: TransportName | undefined): void {
    const rid = (shown && this.#layers.get(shown)) ?? null;
    if (rid === this.#now) return;
    this.#now = rid;
    this.#tell(rid);
  }
}
