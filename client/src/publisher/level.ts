/** How loud a microphone is. */
export interface Level {
  /** Decibels below full scale: -100 (silence) to 0. */
  readonly db: number;
  /** 0 to 1 on a scale that suits ears: -60 dB is 0, 0 dB is 1. Falls slowly. */
  readonly share: number;
  /** The loudest of the last moment, on the same scale. */
  readonly peak: number;
}

export const silence: Level = { db: -100, share: 0, peak: 0 };

/** The quietest that the meter shows. */
const floorDb = -60;
/** How fast the bar falls, share of the scale a second. */
const fallPerSecond = 1.1;
const peakHoldMs = 900;
/** A device that is switched off: quiet rooms are louder, also after noise suppression. */
const deadDb = -95;
const deadAfterMs = 12_000;

/** Follows the level of a microphone from blocks of its samples. */
export class LevelFollower {
  #share = 0;
  #peak = 0;
  #peakAtMs = Number.NEGATIVE_INFINITY;
  #atMs: number | undefined;
  #deadSinceMs: number | undefined;
  #level: Level = silence;

  get level(): Level {
    return this.#level;
  }

  /** Nothing at all has come for seconds. */
  isDead(nowMs: number): boolean {
    return this.#deadSinceMs !== undefined && nowMs - this.#deadSinceMs >= deadAfterMs;
  }

  /** Takes a block of samples, -1 to 1, heard until `nowMs`. */
  next(samples: ArrayLike<number>, nowMs: number): Level {
    const db = decibels(samples);
    const heard = scale(db);
    const seconds = this.#atMs === undefined ? 0 : Math.max(0, nowMs - this.#atMs) / 1000;
    this.#atMs = nowMs;
    this.#share = Math.max(heard, this.#share - fallPerSecond * seconds);
    if (heard >= this.#peak || nowMs - this.#peakAtMs > peakHoldMs) {
      this.#peak = this.#share;
      this.#peakAtMs = nowMs;
    }
    if (db > deadDb) this.#deadSinceMs = undefined;
    else this.#deadSinceMs ??= nowMs;
    this.#level = { db, share: this.#share, peak: this.#peak };
    return this.#level;
  }

  /** Forgets what was heard, as when the microphone is muted or another one is taken. */
  reset(): void {
    this.#share = 0;
    this.#peak = 0;
    this.#atMs = undefined;
    this.#deadSinceMs = undefined;
    this.#level = silence;
  }
}

/** What a level means to a person; for screen readers, which cannot see the bar. */
export function levelWords(db: number): "silent" | "quiet" | "good" | "too loud" {
  if (db < -55) return "silent";
  if (db < -38) return "quiet";
  return db < -6 ? "good" : "too loud";
}

/** Effective value of a block in decibels below full scale, -100 to 0. */
function decibels(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index] ?? 0;
    sum += sample * sample;
  }
  const power = samples.length === 0 ? 0 : sum / samples.length;
  return power <= 1e-10 ? -100 : Math.min(0, 10 * Math.log10(power));
}

function scale(db: number): number {
  return Math.min(1, Math.max(0, 1 - db / floorDb));
}
