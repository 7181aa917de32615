import type { LatencyEstimator, LatencySample } from "../latency.ts";

/** Capture times are put on the estimator's axis with this rate: whole milliseconds. */
const clockRate = 1000;

/** The age of frames whose capture time on the server's wall clock is known directly. */
export class CaptureLatency {
  readonly #estimator: LatencyEstimator;

  /** Takes the estimator over. */
  constructor(estimator: LatencyEstimator) {
    this.#estimator = estimator;
  }

  /** Takes a frame that was captured at `captureMs` and shown at `shownAtMs`, monotonic, when the server had `serverMs`. */
  frame(
    captureMs: number | undefined,
    shownAtMs: number,
    serverMs: number | undefined,
  ): LatencySample | undefined {
    if (captureMs === undefined) return undefined;
    const rtpTime = Math.round(captureMs) >>> 0;
    this.#estimator.anchor({ rtpTime, clockRate, wallMs: captureMs });
    return this.#estimator.frame(rtpTime, shownAtMs, serverMs);
  }

  /** Other media follows. */
  reset(): void {
    this.#estimator.reset();
  }
}
