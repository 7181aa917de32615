/** Where the player's time comes from. Tests pass a fake. */
export interface Scheduler {
  /** Monotonic milliseconds, with fractions, on the axis of `performance.now()`. */
  nowMs(): number;
  /** Calls back once after `delayMs`; returns how to cancel. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The browser's own clock and timers. */
export const browserScheduler: Scheduler = {
  nowMs: () => performance.now(),
  after(delayMs, callback) {
    const id = setTimeout(callback, delayMs);
    return () => clearTimeout(id);
  },
};
