import { type Clock, type Log, RefusedError, type Stream, type Timer } from "../../core/index.ts";
import type { Fmp4Lease, Fmp4Outputs, Fmp4Sound } from "./fragments.ts";
import type { Fmp4Limits } from "./limits.ts";
import { type Numbering, StreamFragments } from "./stream-fragments.ts";

interface Shared {
  readonly output: StreamFragments;
  leases: number;
  linger: Timer | undefined;
}

/** One output per stream and kind of sound, from its first user until some time after its last. */
export class SharedOutputs implements Fmp4Outputs {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: Fmp4Limits;
  readonly #shared: Record<Fmp4Sound, Map<Stream, Shared>> = { native: new Map(), aac: new Map() };
  readonly #numbering: Record<Fmp4Sound, WeakMap<Stream, Numbering>> = {
    native: new WeakMap(),
    aac: new WeakMap(),
  };
  #closed = false;

  constructor(clock: Clock, log: Log, limits: Fmp4Limits) {
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
  }

  /** Outputs that exist now. */
  get size(): number {
    return this.#shared.native.size + this.#shared.aac.size;
  }

  lease(stream: Stream, sound: Fmp4Sound): Fmp4Lease {
    const shared = this.#shared[sound].get(stream) ?? this.#open(stream, sound);
    shared.linger?.cancel();
    shared.linger = undefined;
    shared.leases++;
    let held = true;
    return {
      output: shared.output,
      release: () => {
        if (!held) return;
        held = false;
        shared.leases--;
        if (shared.leases > 0 || this.#shared[sound].get(stream) !== shared) return;
        shared.linger = this.#clock.after(this.#limits.lingerMs, () => {
          this.#shared[sound].delete(stream);
          shared.output.close("UNUSED");
        });
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const outputs of Object.values(this.#shared)) {
      const all = [...outputs.values()];
      outputs.clear();
      for (const shared of all) {
        shared.linger?.cancel();
        shared.output.close("SERVER_CLOSING");
      }
    }
  }

  #open(stream: Stream, sound: Fmp4Sound): Shared {
    if (this.#closed) throw new RefusedError("SHUTTING_DOWN", 503, "The server is shutting down.");
    if (stream.state === "ended") {
      throw new RefusedError("STREAM_NOT_FOUND", 404, `There is no stream ${stream.name}.`);
    }
    if (stream.tracks.length === 0) {
      throw new RefusedError("STREAM_NOT_READY", 503, `${stream.name} has no tracks yet.`);
    }
    const numbering = this.#numbering[sound].get(stream) ?? { nextSequence: 0, nextInit: 1 };
    this.#numbering[sound].set(stream, numbering);
    const output = new StreamFragments({
      stream,
      sound,
      numbering,
      clock: this.#clock,
      log: this.#log,
      limits: this.#limits,
      onEnd: () => {
        const shared = this.#shared[sound].get(stream);
        shared?.linger?.cancel();
        this.#shared[sound].delete(stream);
      },
    });
    const { refusal } = output;
    if (refusal !== undefined) {
      output.close(refusal.code);
      throw refusal;
    }
    const shared: Shared = { output, leases: 0, linger: undefined };
    this.#shared[sound].set(stream, shared);
    return shared;
  }
}
