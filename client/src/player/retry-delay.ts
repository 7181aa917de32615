/** How long to wait before the next attempt. */
export interface RetryPolicy {
  /** Delay before the first retry, milliseconds. */
  readonly firstMs: number;
  /** Longest delay, milliseconds. */
  readonly maxMs: number;
}

/** Half a second, doubled at each failure, never more than ten seconds. */
export const defaultRetryPolicy: RetryPolicy = { firstMs: 500, maxMs: 10_000 };

/**
 * Delay in milliseconds after `failures` failures in a row (1 and up). Half of it is random, so that
 * the viewers of a server that restarts do not come back in one instant. `random` gives 0 to 1.
 */
export function retryDelayMs(
  failures: number,
  random: () => number,
  policy: RetryPolicy = defaultRetryPolicy,
): number {
  // The exponent is bounded, so that an endless outage never reaches Infinity.
  const exponent = Math.min(Math.max(failures, 1) - 1, 30);
  const ceiling = Math.min(policy.maxMs, policy.firstMs * 2 ** exponent);
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}
