import type { Clock, Timer } from "./ports.ts";

export interface BitrateWatchOptions {
  readonly clock: Clock;
  /** More than 0. */
  readonly maxBitrateBps: number;
  /** All bytes that came so far. */
  bytes(): number;
  /** Called once, when more came for longer than is allowed. */
  onExceeded(): void;
}

/** How often it is looked. Milliseconds. */
const checkMs = 1000;
/** Seconds of the allowed rate that may come at once: key frames, and what waited while the network stood still. */
const burstSeconds = 5;
/** Containers and encoders that meet their rate on the whole only. */
const tolerance = 1.05;

/**
 * Holds a publisher to a bit rate, as a bucket that fills with what comes and empties at the allowed rate: twice the rate
 * is noticed after some 5 seconds, a tenth more after a minute and a half. Whoever makes it closes it.
 */
export class BitrateWatch {
  readonly #options: BitrateWatchOptions;
  #timer: Timer | undefined;
  #bytes: number | undefined;
  #checkedUs: number;
  #bits = 0;

  constructor(options: BitrateWatchOptions) {
    this.#options = options;
    this.#checkedUs = options.clock.nowUs();
    this.#arm();
  }

  /** May be called twice. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timer = this.#options.clock.after(checkMs, () => this.#check());
  }

  #check(): void {
    const { clock, maxBitrateBps, bytes, onExceeded } = this.#options;
    const nowUs = clock.nowUs();
    const leakBits = (maxBitrateBps * tolerance * (nowUs - this.#checkedUs)) / 1_000_000;
    const now = bytes();
    // Whoever counts may begin anew.
    const came = Math.max(0, now - Math.min(this.#bytes ?? 0, now));
    this.#bits = Math.max(0, this.#bits + came * 8 - leakBits);
    this.#bytes = now;
    this.#checkedUs = nowUs;
    if (this.#bits > maxBitrateBps * burstSeconds) {
      this.close();
      onExceeded();
      return;
    }
    this.#arm();
  }
}
