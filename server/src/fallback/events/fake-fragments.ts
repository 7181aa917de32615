import type { Stream } from "../../core/index.ts";
import type {
  Fmp4Init,
  Fmp4Lease,
  Fmp4Listener,
  Fmp4Output,
  Fmp4Outputs,
  Fmp4Part,
  Fmp4Sound,
} from "../fmp4/fragments.ts";

/** How long each part lasts that does not say otherwise. */
export const partUs = 100_000;

/** What a test pushes; the rest is filled in. */
export interface PartChange {
  readonly independent?: boolean;
  readonly size?: number;
  readonly durationUs?: number;
}

/** Parts for tests, which push them by hand; one output for each stream and kind of sound, as in earnest. */
export class FakeFragments implements Fmp4Outputs {
  readonly outputs: Map<string, FakeOutput> = new Map();
  /** Leases that were not given back. */
  leases = 0;
  closed = false;

  lease(stream: Stream, sound: Fmp4Sound): Fmp4Lease {
    const key = `${stream.name} ${sound}`;
    const output = this.outputs.get(key) ?? new FakeOutput(stream);
    this.outputs.set(key, output);
    this.leases++;
    let held = true;
    return {
      output,
      release: () => {
        if (held) this.leases--;
        held = false;
      },
    };
  }

  /** The output that was leased or will be. */
  of(stream: Stream, sound: Fmp4Sound = "native"): FakeOutput {
    const { output, release } = this.lease(stream, sound);
    release();
    return output as FakeOutput;
  }

  close(): void {
    this.closed = true;
  }
}

export class FakeOutput implements Fmp4Output {
  readonly stream: Stream;
  readonly lacks: readonly [] = [];
  readonly parts: Fmp4Part[] = [];
  /** How often a part's bytes were read, to see that they are encoded once. */
  readonly reads: Map<number, number> = new Map();
  readonly #listeners = new Set<Fmp4Listener>();
  nextSequence = 1;
  /** Set, it tells everybody who comes that nothing follows. */
  endedCode: string | undefined;
  #startUs = 0;
  #init: Fmp4Init = makeInit(1);

  constructor(stream: Stream) {
    this.stream = stream;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  get init(): Fmp4Init {
    return this.#init;
  }

  listen(listener: Fmp4Listener): void {
    if (this.endedCode !== undefined) listener.ended(this.endedCode);
    else this.#listeners.add(listener);
  }

  unlisten(listener: Fmp4Listener): void {
    this.#listeners.delete(listener);
  }

  push(change: PartChange = {}): Fmp4Part {
    const { independent = false, size = 10, durationUs = partUs } = change;
    const sequence = this.nextSequence++;
    const bytes = new Uint8Array(size).fill(sequence);
    const { reads } = this;
    const part: Fmp4Part = {
      sequence,
      init: this.#init,
      independent,
      discontinuous: false,
      startUs: this.#startUs,
      durationUs,
      captureWallMs: 1_700_000_000_000 + this.#startUs / 1000,
      get bytes() {
        reads.set(sequence, (reads.get(sequence) ?? 0) + 1);
        return bytes;
      },
    };
    this.#startUs += durationUs;
    this.parts.push(part);
    for (const listener of [...this.#listeners]) listener.part(part);
    return part;
  }

  /** A key frame and what follows it. */
  pushGroup(length: number, change: PartChange = {}): void {
    for (let index = 0; index < length; index++) this.push({ ...change, independent: index === 0 });
  }

  /** What is pushed from now on needs another init. */
  reconfigure(): void {
    this.#init = makeInit(this.#init.id + 1);
  }

  /** Forgets the oldest parts up to the independent one with that number. */
  forgetBefore(sequence: number): void {
    while ((this.parts[0]?.sequence ?? sequence) < sequence) this.parts.shift();
  }

  end(code: string): void {
    for (const listener of [...this.#listeners]) listener.ended(code);
  }
}

function makeInit(id: number): Fmp4Init {
  return {
    id,
    mime: 'video/mp4; codecs="avc1.42e01f"',
    codecs: ["avc1.42e01f"],
    width: 1280,
    height: 720,
    bytes: Uint8Array.of(0xf0, id),
  };
}
