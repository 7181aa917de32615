const slotUs = 500_000;

/** What was sent in the latest half to one second, in bits per second. */
export class SentRate {
  #startUs = Number.NaN;
  #bytes = 0;
  #before = 0;
  #beforeUs = 0;

  add(sizeBytes: number, nowUs: number): void {
    if (Number.isNaN(this.#startUs)) this.#startUs = nowUs;
    if (nowUs - this.#startUs >= slotUs) this.#turn(nowUs);
    this.#bytes += sizeBytes;
  }

  bps(nowUs: number): number {
    if (Number.isNaN(this.#startUs)) return 0;
    const elapsedUs = nowUs - this.#startUs;
    if (elapsedUs >= 2 * slotUs) return (this.#bytes * 8e6) / elapsedUs;
    const spanUs = elapsedUs + this.#beforeUs;
    return ((this.#bytes + this.#before) * 8e6) / Math.max(spanUs, slotUs);
  }

  #turn(nowUs: number): void {
    this.#before = this.#bytes;
    this.#beforeUs = nowUs - this.#startUs;
    this.#startUs = nowUs;
    this.#bytes = 0;
  }
}
