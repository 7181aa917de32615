/** Microseconds to ticks of a clock, rounded; exact for every time below 2^53 / clockRate microseconds. */
export function usToTicks(us: number, clockRate: number): number {
  const seconds = Math.floor(us / 1_000_000);
  const rest = us - seconds * 1_000_000;
  return seconds * clockRate + Math.round((rest * clockRate) / 1_000_000);
}

/** Ticks of a clock to integer microseconds, rounded. Convert only extended (unwrapped) absolute values. */
export function ticksToUs(ticks: number, clockRate: number): number {
  const seconds = Math.floor(ticks / clockRate);
  const rest = ticks - seconds * clockRate;
  return seconds * 1_000_000 + Math.round((rest * 1_000_000) / clockRate);
}
