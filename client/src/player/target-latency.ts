/** Least and largest target latency that is taken, seconds. */
export const targetLatencyRange: { readonly least: number; readonly most: number } = {
  least: 0.1,
  most: 60,
};

/**
 * Seconds of an attribute `target-latency`, cut off at the ends of the range; undefined (each way's own default)
 * when it is absent or no number.
 */
export function parseTargetLatency(text: string | null): number | undefined {
  const seconds = Number.parseFloat(text ?? "");
  if (!Number.isFinite(seconds)) return undefined;
  return Math.min(targetLatencyRange.most, Math.max(targetLatencyRange.least, seconds));
}
