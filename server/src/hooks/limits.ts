/** What hooks may cost. */
export interface HookLimits {
  /** So long a question waits for its answer; then it is refused. */
  readonly askTimeoutMs: number;
  /** Questions that wait at once; further ones are refused. */
  readonly maxAsking: number;
  /** So long an answer about watching counts for the same client, stream and token. 0: not at all. */
  readonly playCacheMs: number;
  /** The same for a refusal. */
  readonly refusalCacheMs: number;
  /** What a hook allowed and does not begin for so long is told as ended to hooks that are asked for each session. */
  readonly unbegunMs: number;
  /** Answers that are remembered, and sessions that were allowed and have not begun. */
  readonly maxCached: number;
  /** Longest answer that is read, bytes. */
  readonly maxAnswerBytes: number;
  /** Events that wait for one receiver; the oldest ones beyond are lost, counted and told. */
  readonly maxQueued: number;
  /** So long a receiver may take for an event. */
  readonly notifyTimeoutMs: number;
  /** Between the first two tries; it doubles each time. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** At the end of the process, so long what waits is still sent. */
  readonly drainMs: number;
}

export const defaultHookLimits: HookLimits = {
  askTimeoutMs: 3_000,
  maxAsking: 1_000,
  playCacheMs: 60_000,
  refusalCacheMs: 5_000,
  unbegunMs: 30_000,
  maxCached: 10_000,
  maxAnswerBytes: 16_384,
  maxQueued: 10_000,
  notifyTimeoutMs: 5_000,
  retryMs: 1_000,
  maxRetryMs: 60_000,
  drainMs: 2_000,
};
