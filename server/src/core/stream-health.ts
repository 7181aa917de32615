/**
 * How well a stream is fed. `EMPTY`: nobody feeds it, or not yet a whole group of pictures is kept. `FULL`: one is,
 * and media comes as fast as it is watched. `DRY`: media comes slower than it is watched, or not at all.
 * `RECOVER`: it comes as it should again, after `DRY`; `FULL` follows.
 */
export type BufferState = "EMPTY" | "FULL" | "DRY" | "RECOVER";

/** A stream's buffer at one moment. */
export interface StreamHealth {
  readonly buffer: BufferState;
  /** Since when. Milliseconds since 1970, integer. */
  readonly sinceMs: number;
  /** How far the publisher is behind its own best. Milliseconds, integer, not negative. */
  readonly lagMs: number;
  /** Media time that came per time that passed, over the last two seconds; 1 is real time. Two decimals. */
  readonly speed: number;
}

/** The health of a stream that nobody publishes since then. */
export function emptyHealth(wallMs: number): StreamHealth {
  return { buffer: "EMPTY", sinceMs: Math.round(wallMs), lagMs: 0, speed: 0 };
}
