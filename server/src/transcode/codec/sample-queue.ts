/** Interleaved stereo samples that came in blocks of one size and leave in blocks of another. */
export class SampleQueue {
  #samples = new Float32Array(4096);
  #start = 0;
  #end = 0;
  /** The last sample that left, for interpolation across the border. */
  #lastLeft = 0;
  #lastRight = 0;

  /** Samples per channel. */
  get length(): number {
    return (this.#end - this.#start) / 2;
  }

  /** Copies samples `from` … `to` (per channel). Whatever is no number becomes silence. */
  push(samples: Float32Array, from: number, to: number): void {
    if (to <= from) return;
    this.#reserve((to - from) * 2);
    const target = this.#samples;
    let at = this.#end;
    for (let index = from * 2; index < to * 2; index++) {
      const value = samples[index] as number;
      target[at++] = value > -limit && value < limit ? value : 0;
    }
    this.#end = at;
  }

  pushSilence(count: number): void {
    if (count <= 0) return;
    this.#reserve(count * 2);
    this.#samples.fill(0, this.#end, this.#end + count * 2);
    this.#end += count * 2;
  }

  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }

  /**
   * Takes `take` samples out and spreads them over the first `count` of `target`. When the two
   * differ, two more samples than `take` must be there.
   */
  shift(target: Float32Array, count: number, take: number): void {
    if (take === count) {
      target.set(this.#samples.subarray(this.#start, this.#start + count * 2));
    } else {
      this.#stretch(target, count, take);
    }
    this.#start += take * 2;
    this.#lastLeft = this.#samples[this.#start - 2] ?? 0;
    this.#lastRight = this.#samples[this.#start - 1] ?? 0;
    if (this.#start === this.#end) this.clear();
  }

  /** Cubic Hermite interpolation, which is exact again at both ends of the block. */
  #stretch(target: Float32Array, count: number, take: number): void {
    const samples = this.#samples;
    const step = take / count;
    for (let index = 0; index < count; index++) {
      const position = index * step;
      const whole = Math.floor(position);
      const part = position - whole;
      const at = this.#start + whole * 2;
      for (let channel = 0; channel < 2; channel++) {
        const last = channel === 0 ? this.#lastLeft : this.#lastRight;
        const a = whole === 0 ? last : (samples[at + channel - 2] as number);
        const b = samples[at + channel] as number;
        const c = samples[at + channel + 2] as number;
        const d = samples[at + channel + 4] as number;
        const slope = (c - a) / 2;
        const bend = a - 2.5 * b + 2 * c - d / 2;
        const twist = (d - a) / 2 + 1.5 * (b - c);
        target[index * 2 + channel] = ((twist * part + bend) * part + slope) * part + b;
      }
    }
  }

  #reserve(values: number): void {
    if (this.#end + values <= this.#samples.length) return;
    const waiting = this.#samples.subarray(this.#start, this.#end);
    const needed = waiting.length + values;
    if (needed > this.#samples.length) {
      const larger = new Float32Array(needed * 2);
      larger.set(waiting);
      this.#samples = larger;
    } else {
      this.#samples.copyWithin(0, this.#start, this.#end);
    }
    this.#end = waiting.length;
    this.#start = 0;
  }
}

/** Louder than any sound; a decoder that was fed garbage may make such values. */
const limit = 8;
