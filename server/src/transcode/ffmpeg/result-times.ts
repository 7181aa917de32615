/** Gives ffmpeg's results times on the stream's clock. All microseconds. */
export interface ResultTimes {
  /** A process begins with a frame of this time. Returns the time that it is told to be 0. */
  begin(firstUs: number): number;
  /** What follows need not fit what was before. */
  restart(): void;
  /** A frame of this time was given to the process. */
  fed(ptsUs: number): void;
  /** The time of a result; `us` counts from what `begin` returned. */
  timeOf(us: number): number;
}

/** Times as they come out. Whole milliseconds, because that is what FLV carries. */
export class SoundTimes implements ResultTimes {
  #baseUs = 0;

  begin(firstUs: number): number {
    this.#baseUs = Math.floor(firstUs / 1000) * 1000;
    return this.#baseUs;
  }

  restart(): void {}

  fed(): void {}

  timeOf(us: number): number {
    return this.#baseUs + us;
  }
}

const unitSamples = 1024;
const sampleRate = 48_000;

/** AAC access units on one grid, however many processes make them. */
export class AacTimes implements ResultTimes {
  #anchorUs: number | undefined;
  /** Where on the grid the present process began. */
  #first = 0;

  /** The last place of the grid that is not later; the process fills up with silence to the first sound. */
  begin(firstUs: number): number {
    this.#anchorUs ??= firstUs;
    this.#first = Math.floor(((firstUs - this.#anchorUs) * sampleRate) / (unitSamples * 1e6));
    return this.#at(this.#first);
  }

  restart(): void {
    this.#anchorUs = undefined;
  }

  fed(): void {}

  timeOf(us: number): number {
    return this.#at(this.#first + Math.round((us * sampleRate) / (unitSamples * 1e6)));
  }

  #at(unit: number): number {
    return (this.#anchorUs ?? 0) + Math.round((unit * unitSamples * 1e6) / sampleRate);
  }
}

/** Pictures whose exact time is remembered while ffmpeg has them. */
const maxTimesKept = 1024;

/** Pictures keep the exact times with which they went in, found again by whole milliseconds. */
export class PictureTimes implements ResultTimes {
  readonly #times = new Map<number, number>();
  #baseMs = 0;

  begin(firstUs: number): number {
    this.#times.clear();
    this.#baseMs = Math.floor(firstUs / 1000);
    return this.#baseMs * 1000;
  }

  restart(): void {}

  fed(ptsUs: number): void {
    this.#times.set(Math.floor(ptsUs / 1000) - this.#baseMs, ptsUs);
    if (this.#times.size <= maxTimesKept) return;
    for (const oldest of this.#times.keys()) {
      this.#times.delete(oldest);
      break;
    }
  }

  /** Times of Matroska are not cut to milliseconds but rounded to them or to 90 kHz, so a neighbour may be meant. */
  timeOf(us: number): number {
    const ms = Math.floor((us + 6) / 1000);
    for (const near of [ms, ms - 1, ms + 1]) {
      const ptsUs = this.#times.get(near);
      if (ptsUs !== undefined) return ptsUs;
    }
    return this.#baseMs * 1000 + us;
  }
}
