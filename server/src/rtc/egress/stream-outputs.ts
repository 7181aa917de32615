import type { Clock, Log, Stream } from "../../core/index.ts";
import type { EgressCore } from "./core.ts";
import { StreamOutput } from "./stream-output.ts";

/** A share in a stream's output. */
export interface OutputLease {
  readonly output: StreamOutput;
  /** May be called twice. */
  release(): void;
}

/** One output per stream, from its first viewer to its last. */
export class StreamOutputs {
  readonly #options: { readonly core: EgressCore; readonly clock: Clock; readonly log: Log };
  readonly #shared = new Map<Stream, { readonly output: StreamOutput; leases: number }>();

  constructor(options: { readonly core: EgressCore; readonly clock: Clock; readonly log: Log }) {
    this.#options = options;
  }

  get size(): number {
    return this.#shared.size;
  }

  lease(stream: Stream): OutputLease {
    let shared = this.#shared.get(stream);
    if (shared === undefined) {
      shared = { output: new StreamOutput({ ...this.#options, stream }), leases: 0 };
      this.#shared.set(stream, shared);
    }
    const held = shared;
    held.leases++;
    let released = false;
    return {
      output: held.output,
      release: () => {
        if (released) return;
        released = true;
        if (--held.leases > 0) return;
        this.#shared.delete(stream);
        held.output.close();
      },
    };
  }

  /** May be called twice. */
  close(): void {
    for (const shared of this.#shared.values()) shared.output.close();
    this.#shared.clear();
  }
}
