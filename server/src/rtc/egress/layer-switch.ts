import type { RtpFrame } from "./rtp-frame.ts";
import type { OutputSink, RtpOutput } from "./rtp-output.ts";

/** Waits for the next key frame of an output that a viewer is to change to. */
export class LayerSwitch implements OutputSink {
  readonly output: RtpOutput;
  readonly #onKey: (key: RtpFrame) => void;
  readonly #onFailed: (error: unknown) => void;

  constructor(
    output: RtpOutput,
    onKey: (key: RtpFrame) => void,
    onFailed: (error: unknown) => void,
  ) {
    this.output = output;
    this.#onKey = onKey;
    this.#onFailed = onFailed;
  }

  start(): void {
    this.output.add(this);
    this.output.requestKeyFrame();
  }

  frame(frame: RtpFrame): void {
    if (!frame.key) return;
    this.close();
    this.#onKey(frame);
  }

  /** The key frame is all that matters. */
  grown(): void {}

  sourceChanged(): void {
    this.output.requestKeyFrame();
  }

  failed(error: unknown): void {
    this.#onFailed(error);
  }

  /** May be called twice. */
  close(): void {
    this.output.remove(this);
  }
}
