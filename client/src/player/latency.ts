/** A frame's RTP time and the server's wall clock at which that frame entered the gateway. */
export interface CaptureAnchor {
  readonly rtpTime: number;
  /** RTP ticks per second. */
  readonly clockRate: number;
  /** Milliseconds since 1970 on the server's clock. */
  readonly wallMs: number;
}

export interface LatencySample {
  /** Of one frame, as measured; slightly negative values mean a clock offset error. Milliseconds. */
  readonly latencyMs: number;
  /** Median over the last second, never negative. Milliseconds. */
  readonly medianMs: number;
}

export interface LatencyLimits {
  /** Frames within this time after the first one are not measured: a replayed GOP tells no capture time. */
  readonly settleMs: number;
  /** Span of the median. */
  readonly windowMs: number;
  /** Most samples kept. */
  readonly maxSamples: number;
  /** A larger figure means that anchor and frame do not belong together; not reported. */
  readonly maxLatencyMs: number;
}

export const defaultLatencyLimits: LatencyLimits = {
  settleMs: 2000,
  windowMs: 1000,
  maxSamples: 256,
  maxLatencyMs: 120_000,
};

/**
 * Measures how old a frame is when it is shown. RTP times are 32 bits wide and wrap after 13 hours at 90 kHz
 * (RFC 3550 section 5.1), so they are unwrapped against the frame before.
 */
export class LatencyEstimator {
  readonly #limits: LatencyLimits;
  #anchor: CaptureAnchor | undefined;
  /** Unwrapped RTP times of the anchor and of the last frame, on one axis. */
  #anchorTicks = 0;
  #lastTicks: number | undefined;
  #firstFrameMs: number | undefined;
  readonly #samples: { readonly atMs: number; readonly latencyMs: number }[] = [];
  #last: LatencySample | undefined;

  constructor(limits: Partial<LatencyLimits> = {}) {
    this.#limits = { ...defaultLatencyLimits, ...limits };
  }

  /** The last measurement; undefined before the first and after `reset`. */
  get last(): LatencySample | undefined {
    return this.#last;
  }

  /** Takes a newer mapping of the same session. */
  anchor(anchor: CaptureAnchor): void {
    if (!(anchor.clockRate > 0) || !Number.isFinite(anchor.wallMs)) return;
    this.#anchorTicks =
      this.#lastTicks === undefined
        ? anchor.rtpTime
        : this.#lastTicks + signed32(anchor.rtpTime - this.#lastTicks);
    this.#anchor = anchor;
  }

  /** Forgets the session: the next frame is the first of another one. */
  reset(): void {
    this.#anchor = undefined;
    this.#lastTicks = undefined;
    this.#firstFrameMs = undefined;
    this.#samples.length = 0;
    this.#last = undefined;
  }

  /** When the frame with `rtpTime` entered the gateway, server wall clock in milliseconds; undefined without an anchor. */
  captureWallMs(rtpTime: number): number | undefined {
    if (this.#anchor === undefined) return undefined;
    const from = this.#lastTicks ?? this.#anchorTicks;
    const ticks = from + signed32(rtpTime - from);
    return this.#anchor.wallMs + ((ticks - this.#anchorTicks) / this.#anchor.clockRate) * 1000;
  }

  /**
   * Takes one shown frame. `shownAtMs` is a local monotonic time, `serverWallMs` the server's wall clock at
   * that same moment (undefined while the clock offset is not known).
   */
  frame(
    rtpTime: number,
    shownAtMs: number,
    serverWallMs: number | undefined,
  ): LatencySample | undefined {
    const captureMs = this.captureWallMs(rtpTime);
    const from = this.#lastTicks ?? this.#anchorTicks;
    this.#lastTicks = from + signed32(rtpTime - from);
    this.#firstFrameMs ??= shownAtMs;
    if (captureMs === undefined || serverWallMs === undefined) return undefined;
    if (shownAtMs - this.#firstFrameMs < this.#limits.settleMs) return undefined;
    const latencyMs = serverWallMs - captureMs;
    if (Math.abs(latencyMs) > this.#limits.maxLatencyMs) return undefined;
    this.#keep(shownAtMs, latencyMs);
    this.#last = { latencyMs, medianMs: Math.max(0, median(this.#samples)) };
    return this.#last;
  }

  #keep(atMs: number, latencyMs: number): void {
    this.#samples.push({ atMs, latencyMs });
    const oldestMs = atMs - this.#limits.windowMs;
    let drop = Math.max(0, this.#samples.length - this.#limits.maxSamples);
    while (drop < this.#samples.length - 1 && (this.#samples[drop]?.atMs ?? 0) < oldestMs) drop++;
    if (drop > 0) this.#samples.splice(0, drop);
  }
}

function signed32(difference: number): number {
  return difference | 0;
}

function median(samples: readonly { readonly latencyMs: number }[]): number {
  const sorted = samples.map((sample) => sample.latencyMs).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
