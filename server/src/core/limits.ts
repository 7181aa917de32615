import type { BufferLimits } from "./buffer-watch.ts";
import type { VisitLimits } from "./visits.ts";

/** Every growth in core has a limit; these are the defaults. */
export interface CoreLimits extends BufferLimits, VisitLimits {
  /** Streams that exist at once, live or waiting. */
  readonly maxStreams: number;
  /** Viewers of one stream, all transports together. */
  readonly maxViewersPerStream: number;
  /** How long a stream waits for its publisher to come back. Milliseconds; 0 ends it at once. */
  readonly graceMs: number;
  /** Longest group of pictures that is kept for late viewers, in seconds. */
  readonly gopMaxSeconds: number;
  /** Largest group of pictures that is kept for late viewers, in bytes. */
  readonly gopMaxBytes: number;
  /** How long a derived track goes on after its last user left. Milliseconds. */
  readonly derivedLingerMs: number;
  /** After a publisher came back: how long an old track may stay without being announced again. Milliseconds. */
  readonly staleTrackMs: number;
}

export const defaultCoreLimits: CoreLimits = {
  maxStreams: 1000,
  maxViewersPerStream: 5000,
  graceMs: 30_000,
  gopMaxSeconds: 20,
  gopMaxBytes: 16 * 1024 * 1024,
  derivedLingerMs: 5_000,
  staleTrackMs: 3_000,
  bufferCheckMs: 200,
  bufferDryMs: 300,
  bufferRecoverMs: 2_000,
  visitMs: 600_000,
  maxPastVisits: 10_000,
};
