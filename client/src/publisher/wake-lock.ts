/** What is needed of `navigator.wakeLock` (W3C screen-wake-lock). */
export interface WakeLocks {
  request(type: "screen"): Promise<{ release(): Promise<void> }>;
}

/** Keeps the screen on while wanted, where the browser can. Browsers take the lock back whenever the page is hidden. */
export class WakeLock {
  readonly #locks: WakeLocks | undefined;
  #wanted = false;
  /** Grows with each wish: a lock that comes after it was given up is released. */
  #wish = 0;
  #held: { release(): Promise<void> } | undefined;

  /** `locks` undefined: does nothing. */
  constructor(locks: WakeLocks | undefined) {
    this.#locks = locks;
  }

  /** Call again when the page becomes visible. */
  update(wanted: boolean, visible: boolean): void {
    const before = this.#wanted;
    this.#wanted = wanted;
    if (!visible) this.#release();
    else if (!wanted) {
      if (before) this.#release();
    } else if (this.#held === undefined) void this.#take();
  }

  /** May be called twice. */
  close(): void {
    this.#wanted = false;
    this.#release();
  }

  async #take(): Promise<void> {
    this.#wish += 1;
    const wish = this.#wish;
    try {
      const lock = await this.#locks?.request("screen");
      if (wish === this.#wish) this.#held = lock;
      else await lock?.release();
    } catch {
      // Refused: the battery is low, or the page is hidden again.
    }
  }

  #release(): void {
    this.#wish += 1;
    const held = this.#held;
    this.#held = undefined;
    held?.release().catch(() => {});
  }
}
