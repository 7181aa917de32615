import type { Clock, Timer } from "./ports.ts";

/** The machine's clocks. Timers do not keep the process alive. */
export const systemClock: Clock = {
  nowUs: () => Math.round(performance.now() * 1000),
  wallMs: () => performance.timeOrigin + performance.now() + wallStepMs(),
  after(delayMs, callback): Timer {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/**
 * How far the wall clock was stepped (NTP, an operator) since the process began. `performance.timeOrigin`
 * never follows such steps; small differences are rounding and are left out so that times stay smooth.
 */
function wallStepMs(): number {
  const step = Date.now() - (performance.timeOrigin + performance.now());
  return Math.abs(step) < 5 ? 0 : step;
}
