import type { LatencySample } from "./latency.ts";

/** Shortest time between two times that the latency is told. */
export const latencyEveryMs = 250;

/** Holds the latency of now, and says when it is time to tell it. */
export class LatencyTeller {
  #sample: LatencySample | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;

  /** Of the newest frame; undefined while nothing plays. */
  get now(): LatencySample | undefined {
    return this.#sample;
  }

  /** Takes a measurement; true when it is to be told. */
  measured(sample: LatencySample, nowMs: number): boolean {
    this.#sample = sample;
    if (nowMs - this.#toldMs < latencyEveryMs) return false;
    this.#toldMs = nowMs;
    return true;
  }

  /** Nothing plays any more. */
  reset(): void {
    this.#sample = undefined;
  }
}
