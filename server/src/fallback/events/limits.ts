/** Of the event logs and the parts behind all listeners. */
export interface HubLimits {
  /** Events that a stream keeps for those who come back. */
  readonly maxEvents: number;
  /** Their JSON together, bytes; the newest event is kept in any case. */
  readonly maxEventBytes: number;
  /** How long a log is kept after its last listener went. Milliseconds. */
  readonly logLingerMs: number;
  /** How long fragments are made after their last viewer went. Milliseconds. */
  readonly feedLingerMs: number;
  /** How often the number of viewers and the capture time are compared with what was told. Milliseconds. */
  readonly checkMs: number;
  /** A change of the number of viewers alone is told at most this often. Milliseconds. */
  readonly viewersEveryMs: number;
  /** The capture time is told at least this often. Milliseconds. */
  readonly captureEveryMs: number;
  /** The capture time is told as soon as it is this far from what was told. Milliseconds. */
  readonly captureStepMs: number;
}

export const defaultHubLimits: HubLimits = {
  maxEvents: 256,
  maxEventBytes: 262_144,
  logLingerMs: 60_000,
  feedLingerMs: 10_000,
  checkMs: 1_000,
  viewersEveryMs: 5_000,
  captureEveryMs: 60_000,
  captureStepMs: 20,
};

/** How many may be there at once. One address: an IPv4 address or the /64 of an IPv6 address. */
export interface SeatLimits {
  /** More are refused with `LISTENERS_PER_ADDRESS` 429. Many viewers may share the address of a proxy. */
  readonly maxPerAddress: number;
  /** More are refused with `LISTENERS_FULL` 503. */
  readonly maxPerStream: number;
  /** Of all streams together; more are refused with `LISTENERS_FULL` 503. */
  readonly maxInAll: number;
}

const defaultSeats: SeatLimits = { maxPerAddress: 2_000, maxPerStream: 5_000, maxInAll: 8_000 };

/** Of SSE; the seats are its connections. */
export interface SseLimits extends SeatLimits {
  /** A comment is sent after this long without anything else. Milliseconds. */
  readonly heartbeatMs: number;
  /** When clients come back after a break. Milliseconds. */
  readonly retryMs: number;
  /** When clients come back after `maxDurationMs`. Milliseconds. */
  readonly renewRetryMs: number;
  /** When clients come back after a shutdown: between this and twice this, so that not all come at once. Milliseconds. */
  readonly closeRetryMs: number;
  /** Connections are ended after this long, and their clients go on where they were; 0: never. Milliseconds. */
  readonly maxDurationMs: number;
  /** While this much waits for a client's network, nothing more is handed over. Bytes. */
  readonly maxWaitingBytes: number;
  /** A viewer who is further behind jumps to the latest part that can be begun with. Milliseconds of media. */
  readonly maxLagMs: number;
  /** A client that takes nothing for this long is cut off. Milliseconds. */
  readonly stallMs: number;
  /** How long the last bytes may take when a connection ends. Milliseconds. */
  readonly drainMs: number;
}

export const defaultSseLimits: SseLimits = {
  ...defaultSeats,
  heartbeatMs: 15_000,
  retryMs: 3_000,
  renewRetryMs: 500,
  closeRetryMs: 2_000,
  maxDurationMs: 0,
  maxWaitingBytes: 1024 * 1024,
  maxLagMs: 5_000,
  stallMs: 30_000,
  drainMs: 10_000,
};

/** Of long-polling; the seats are requests that are held. */
export interface PollLimits extends SeatLimits {
  /** How long a request is held that does not say it. Milliseconds. */
  readonly holdMs: number;
  /** The longest that a client may ask for; proxies give up after 60 s. Milliseconds. */
  readonly maxHoldMs: number;
  /** Media of one answer; one part is sent in any case. Bytes. */
  readonly maxAnswerBytes: number;
  /** Held requests that are answered in one turn of the event loop; the others follow in the next ones. */
  readonly maxAnswersPerTurn: number;
  /** How long a client may take to receive an answer. Milliseconds. */
  readonly answerMs: number;
  /** A viewer who asks for nothing for this long is gone. Milliseconds. */
  readonly sessionIdleMs: number;
  /** A viewer whose connection broke off during a request is gone unless it asks again within this time. Milliseconds. */
  readonly abandonedMs: number;
  /** Viewers at once, of all streams; more are refused with `LISTENERS_FULL` 503. */
  readonly maxSessions: number;
}

export const defaultPollLimits: PollLimits = {
  ...defaultSeats,
  holdMs: 25_000,
  maxHoldMs: 54_000,
  maxAnswerBytes: 4 * 1024 * 1024,
  maxAnswersPerTurn: 32,
  answerMs: 30_000,
  sessionIdleMs: 10_000,
  abandonedMs: 600,
  maxSessions: 8_000,
};
