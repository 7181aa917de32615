import type { Frame, TrackInfo } from "@millrace/media/frame";
import type { Derivation, DerivedSink, DerivedTarget, Transcoder } from "./ports.ts";

/** One derivation of a FakeTranscoder, for a test to look into and to speak for. */
export interface FakeDerivation {
  readonly target: DerivedTarget;
  readonly sink: DerivedSink;
  readonly pushed: Frame[];
}

/** A transcoder for tests that makes nothing by itself: the test calls the sinks. */
export class FakeTranscoder implements Transcoder {
  readonly running: FakeDerivation[] = [];
  refuses: string | undefined;

  refusal(): string | undefined {
    return this.refuses;
  }

  start(_source: TrackInfo, target: DerivedTarget, sink: DerivedSink): Derivation {
    const derivation: FakeDerivation = { target, sink, pushed: [] };
    this.running.push(derivation);
    return {
      push: (frame) => void derivation.pushed.push(frame),
      reconfigure() {},
      close: () => {
        const index = this.running.indexOf(derivation);
        if (index >= 0) this.running.splice(index, 1);
      },
    };
  }
}
