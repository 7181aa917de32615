import type { Stream, StreamChange } from "../../core/index.ts";
import { type CaptureTime, captureTime, type EventLog } from "./event-log.ts";
import type { HubLimits } from "./limits.ts";
import { streamStatus } from "./stream-status.ts";

/** Writes what happens to a stream into its log. What the stream does not tell is looked up by `check`. */
export class StreamWatch {
  readonly #log: EventLog;
  readonly #stream: Stream;
  readonly #limits: HubLimits;
  readonly #onEnd: () => void;
  readonly #stop: () => void;
  #toldViewers: number;
  #toldViewersUs = Number.NEGATIVE_INFINITY;
  #toldCapture: CaptureTime;

  constructor(log: EventLog, limits: HubLimits, onEnd: () => void) {
    this.#log = log;
    this.#stream = log.stream;
    this.#limits = limits;
    this.#onEnd = onEnd;
    this.#toldViewers = this.#stream.viewers.size;
    this.#toldCapture = captureTime(this.#stream);
    this.#stop = this.#stream.observe((change) => this.#changed(change));
  }

  /** Compares what nobody tells with what was told last. */
  check(): void {
    const { viewersEveryMs, captureEveryMs, captureStepMs } = this.#limits;
    const now = captureTime(this.#stream);
    if (
      this.#stream.viewers.size !== this.#toldViewers &&
      now.streamTimeUs - this.#toldViewersUs >= viewersEveryMs * 1000
    ) {
      this.#tellStream();
    }
    const elapsedUs = now.streamTimeUs - this.#toldCapture.streamTimeUs;
    const stepMs = now.wallMs - this.#toldCapture.wallMs - elapsedUs / 1000;
    if (elapsedUs < captureEveryMs * 1000 && Math.abs(stepMs) < captureStepMs) return;
    this.#toldCapture = now;
    this.#log.append(["capture", now]);
  }

  /** May be called twice. */
  close(): void {
    this.#stop();
  }

  #changed(change: StreamChange): void {
    if (change.type !== "state" || change.state !== "offline") {
      this.#tellStream();
      return;
    }
    this.#log.append(["stream", streamStatus(this.#stream)], ["bye", { reason: change.reason }]);
    this.#onEnd();
  }

  #tellStream(): void {
    this.#toldViewers = this.#stream.viewers.size;
    this.#toldViewersUs = this.#stream.nowUs();
    this.#log.append(["stream", streamStatus(this.#stream)]);
  }
}
