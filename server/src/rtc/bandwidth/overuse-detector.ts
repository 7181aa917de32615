import type { BandwidthLimits } from "./limits.ts";

/** What the delay says of the link. GCC section 5.4. */
export type LinkUsage = "normal" | "over" | "under";

/** Weight of the past in the smoothed delay. */
const smoothing = 0.9;
/** A slope of ms per ms becomes comparable with a threshold in ms by these. */
const slopeGain = 4;
const maxDeltas = 60;
/** Speed at which the threshold follows a larger or smaller slope, per ms. GCC section 5.4, K_u and K_d, as scaled by libwebrtc. */
const thresholdUp = 0.0087;
const thresholdDown = 0.039;
const minThresholdMs = 6;
const maxThresholdMs = 600;
/** Slopes so far above the threshold are spikes, to which it does not adapt. */
const maxAdaptMs = 15;
const maxAdaptTimeMs = 100;
/** A larger difference is a queue that grows or drains. */
const maxJitterMs = 50;

/**
 * Fits a line to the delays of the latest groups of packets and compares its slope with a threshold that adapts:
 * GCC sections 5.3 (with a least-squares line in place of the Kalman filter) and 5.4.
 */
export class OveruseDetector {
  readonly #limits: BandwidthLimits;
  readonly #arrivalsMs: Float64Array;
  readonly #delaysMs: Float64Array;
  #groups = 0;
  #delayMs = 0;
  #smoothedMs = 0;
  #slope = 0;
  #thresholdMs: number;
  #adaptedMs = Number.NaN;
  #overMs = 0;
  #overGroups = 0;
  #riseMs = 0;
  #riseGroups = 0;
  usage: LinkUsage = "normal";
  /** The delay rose steeply since `settle` was called. */
  sudden = false;
  /** Mean difference of the delays of neighbouring groups. */
  jitterMs = 0;

  constructor(limits: BandwidthLimits) {
    this.#limits = limits;
    this.#arrivalsMs = new Float64Array(limits.trendGroups);
    this.#delaysMs = new Float64Array(limits.trendGroups);
    this.#thresholdMs = limits.startThresholdMs;
  }

  /** The next two groups are this far apart at the sender and at the receiver; the later one had arrived at `arrivalUs`. */
  update(sentDeltaUs: number, arrivalDeltaUs: number, arrivalUs: number): void {
    const deltaMs = (arrivalDeltaUs - sentDeltaUs) / 1000;
    this.#groups++;
    this.#delayMs += deltaMs;
    this.#smoothedMs = smoothing * this.#smoothedMs + (1 - smoothing) * this.#delayMs;
    this.jitterMs += (Math.min(Math.abs(deltaMs), maxJitterMs) - this.jitterMs) / 16;
    const size = this.#delaysMs.length;
    const slot = this.#groups % size;
    this.#arrivalsMs[slot] = arrivalUs / 1000;
    this.#delaysMs[slot] = this.#smoothedMs;
    const slope = this.#groups >= size ? this.#fit() : this.#slope;
    this.#judge(slope, sentDeltaUs / 1000, arrivalUs / 1000);
    this.#slope = slope;
    this.#rise(deltaMs);
  }

  /** A sudden rise was answered. */
  settle(): void {
    this.sudden = false;
  }

  /** Least squares over the ring, relative to its newest point. */
  #fit(): number {
    const size = this.#delaysMs.length;
    const slot = this.#groups % size;
    const x0 = this.#arrivalsMs[slot] ?? 0;
    const y0 = this.#delaysMs[slot] ?? 0;
    let sumX = 0;
    let sumY = 0;
    let sumXx = 0;
    let sumXy = 0;
    for (let i = 0; i < size; i++) {
      const x = (this.#arrivalsMs[i] ?? 0) - x0;
      const y = (this.#delaysMs[i] ?? 0) - y0;
      sumX += x;
      sumY += y;
      sumXx += x * x;
      sumXy += x * y;
    }
    const spread = sumXx - (sumX * sumX) / size;
    return spread > 0 ? (sumXy - (sumX * sumY) / size) / spread : this.#slope;
  }

  #judge(slope: number, sentDeltaMs: number, nowMs: number): void {
    const trendMs = Math.min(this.#groups, maxDeltas) * slope * slopeGain;
    if (trendMs > this.#thresholdMs) {
      this.#overMs += this.#overGroups === 0 ? sentDeltaMs / 2 : sentDeltaMs;
      this.#overGroups++;
      const lasts = this.#overMs > this.#limits.overuseUs / 1000 && this.#overGroups > 1;
      if (lasts && slope >= this.#slope) {
        this.#overMs = 0;
        this.#overGroups = 0;
        this.usage = "over";
      }
    } else {
      this.#overMs = 0;
      this.#overGroups = 0;
      this.usage = trendMs < -this.#thresholdMs ? "under" : "normal";
    }
    this.#adapt(Math.abs(trendMs), nowMs);
  }

  #adapt(trendMs: number, nowMs: number): void {
    const timeMs = Number.isNaN(this.#adaptedMs)
      ? 0
      : Math.max(0, Math.min(nowMs - this.#adaptedMs, maxAdaptTimeMs));
    this.#adaptedMs = nowMs;
    if (trendMs > this.#thresholdMs + maxAdaptMs) return;
    const speed = trendMs < this.#thresholdMs ? thresholdDown : thresholdUp;
    const next = this.#thresholdMs + speed * (trendMs - this.#thresholdMs) * timeMs;
    this.#thresholdMs = Math.max(minThresholdMs, Math.min(next, maxThresholdMs));
  }

  /** The line reacts only after several groups, which on a link that has become slow take long to arrive. */
  #rise(deltaMs: number): void {
    if (deltaMs <= 0) {
      this.#riseMs = 0;
      this.#riseGroups = 0;
      return;
    }
    this.#riseMs += deltaMs;
    this.#riseGroups++;
    if (this.#riseGroups > 1 && this.#riseMs * 1000 >= this.#limits.suddenRiseUs) {
      this.sudden = true;
    }
  }
}
