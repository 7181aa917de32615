/** Bounds of LL-HLS; these are the defaults. */
export interface HlsLimits {
  /** How long a segment is meant to be; it ends at the key frame next to that. Milliseconds. */
  readonly segmentMs: number;
  /** The first segment ends early, so that the first viewer can begin. Milliseconds. */
  readonly firstSegmentMs: number;
  /** What is thought of the time between key frames while only one was seen. Milliseconds. */
  readonly guessedKeyMs: number;
  /** Bounds of the target duration. Whole seconds. */
  readonly minTargetS: number;
  readonly maxTargetS: number;
  /** Complete segments that are listed, in target durations, of which RFC 8216bis wants three, and in milliseconds; the longer counts. */
  readonly windowTargets: number;
  readonly windowMs: number;
  /** Bytes of all segments, listed or not; at least one complete segment stays. */
  readonly maxWindowBytes: number;
  /** Segments that are kept after they left the list, for those who read an older list. */
  readonly retiredSegments: number;
  /** Parts are listed for so long before the end of the list. Milliseconds. */
  readonly partsMs: number;
  /** How long a request is held for what does not exist yet, in target durations and at most in milliseconds. */
  readonly holdTargets: number;
  readonly maxHoldMs: number;
  /** How long the first requests wait until a stream can be played. Milliseconds. */
  readonly startWaitMs: number;
  readonly maxHeldPerSession: number;
  readonly maxHeld: number;
  /** Answers of one session that are being sent. */
  readonly maxSendingPerSession: number;
  /** Sessions of all streams. */
  readonly maxSessions: number;
  /** A session without a request for so long is over; the longer of both counts. */
  readonly sessionIdleTargets: number;
  readonly sessionIdleMs: number;
  /** A session whose connection broke off during a request is over unless it asks again within this time. Milliseconds. */
  readonly abandonedMs: number;
  /** An answer whose client takes nothing for so long is cut. Milliseconds. */
  readonly stallMs: number;
  /** How long segments are made without anybody who asks for them. Milliseconds. */
  readonly lingerMs: number;
  /** How long caches may keep media. Seconds. */
  readonly mediaMaxAgeS: number;
}

export const defaultHlsLimits: HlsLimits = {
  segmentMs: 2000,
  firstSegmentMs: 600,
  guessedKeyMs: 4000,
  minTargetS: 2,
  maxTargetS: 24,
  windowTargets: 3,
  windowMs: 20_000,
  maxWindowBytes: 64 * 1024 * 1024,
  retiredSegments: 3,
  partsMs: 12_000,
  holdTargets: 3,
  maxHoldMs: 15_000,
  startWaitMs: 8000,
  maxHeldPerSession: 6,
  maxHeld: 10_000,
  maxSendingPerSession: 12,
  maxSessions: 5000,
  sessionIdleTargets: 3,
  sessionIdleMs: 8000,
  abandonedMs: 600,
  stallMs: 20_000,
  lingerMs: 10_000,
  mediaMaxAgeS: 60,
};
