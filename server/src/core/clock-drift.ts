/** The least delay of so long is one point; what the network adds for a moment is not in it. */
const windowUs = 10_000_000;
/** Points that are kept: five minutes. */
const maxPoints = 30;
/** Fewer say nothing. */
const minPoints = 4;

interface Point {
  readonly arrivalUs: number;
  readonly delayUs: number;
}

/**
 * How much faster than ours an encoder's clock goes, from the delays of its frames on one time line: the median of the
 * slopes between the least delays of ten seconds each (Theil–Sen), which single stalls and steps do not move.
 */
export class ClockDrift {
  readonly #points: Point[] = [];
  #windowEndUs: number | undefined;
  #least: Point | undefined;

  /** Parts per million, positive where the encoder's clock is faster; undefined in the first 40 s of a time line. */
  get ppm(): number | undefined {
    const points = this.#points;
    if (points.length < minPoints) return undefined;
    const slopes: number[] = [];
    for (const [index, a] of points.entries()) {
      for (const b of points.slice(index + 1)) {
        slopes.push((b.delayUs - a.delayUs) / (b.arrivalUs - a.arrivalUs));
      }
    }
    slopes.sort((a, b) => a - b);
    return -Math.round((slopes[slopes.length >> 1] ?? 0) * 1e6) || 0;
  }

  /** Takes what a frame's arrival on our clock is behind its time on the encoder's. Microseconds. */
  push(delayUs: number, arrivalUs: number): void {
    this.#windowEndUs ??= arrivalUs + windowUs;
    if (arrivalUs >= this.#windowEndUs) {
      if (this.#least !== undefined) this.#points.push(this.#least);
      if (this.#points.length > maxPoints) this.#points.shift();
      this.#least = undefined;
      this.#windowEndUs = arrivalUs + windowUs;
    }
    if (this.#least === undefined || delayUs < this.#least.delayUs) {
      this.#least = { arrivalUs, delayUs };
    }
  }

  /** Another time line begins: its delays do not go with those before. */
  restart(): void {
    this.#points.length = 0;
    this.#windowEndUs = undefined;
    this.#least = undefined;
  }
}
