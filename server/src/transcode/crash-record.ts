/** Remembers when crashes happened, within a window. No clock of its own. */
export class CrashRecord {
  readonly #windowUs: number;
  #timesUs: number[] = [];

  constructor(windowMs: number) {
    this.#windowUs = windowMs * 1000;
  }

  /** Notes a crash; returns how many there were within the window, this one included. */
  note(nowUs: number): number {
    this.#timesUs.push(nowUs);
    return this.count(nowUs);
  }

  count(nowUs: number): number {
    this.#timesUs = this.#timesUs.filter((timeUs) => nowUs - timeUs < this.#windowUs);
    return this.#timesUs.length;
  }
}

/** A crash or two are answered at once; from then on the delay doubles. */
const freeCrashes = 3;
const firstDelayMs = 500;

/** How long to wait before another process is started, after so many crashes within a minute. Milliseconds. */
export function respawnDelayMs(crashes: number, maxMs: number): number {
  if (crashes <= freeCrashes) return 0;
  return Math.min(maxMs, firstDelayMs * 2 ** Math.min(20, crashes - freeCrashes - 1));
}
