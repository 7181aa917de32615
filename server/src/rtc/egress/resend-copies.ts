/** Copies that wait. */
const maxWaiting = 64;
/** When the copies of a retransmission follow it. Apart, so that one burst of losses does not take them all. */
const delaysUs = [12_000, 30_000] as const;
/** Losses above this share mean congestion, which copies would only feed. */
const congestedShare = 0.15;
/** Above this share one copy in hundreds is lost together with the retransmission, so there are two. */
const heavyShare = 0.04;
const windowUs = 1_000_000;

/**
 * Sends every retransmission once or twice more, a moment later. A viewer that lost the retransmission
 * too notices only after its guess of the round trip, which is 100 ms in browsers that send nothing,
 * and by then its picture has stood still.
 */
export class ResendCopies {
  readonly #sequences = new Float64Array(maxWaiting);
  readonly #dueUs = new Float64Array(maxWaiting);
  #waiting = 0;
  #windowStartUs = 0;
  #sent = 0;
  #lost = 0;
  #share = 0;

  get size(): number {
    return this.#waiting;
  }

  /** Share of packets that the viewer asked for again, in the last full second. */
  get lossShare(): number {
    return this.#share;
  }

  /** Counts what the share is of: packets sent for the first time, packets asked for the first time. */
  count(sent: number, lost: number, nowUs: number): void {
    this.#sent += sent;
    this.#lost += lost;
    if (nowUs - this.#windowStartUs < windowUs) return;
    this.#share = this.#sent === 0 ? 0 : this.#lost / this.#sent;
    this.#windowStartUs = nowUs;
    this.#sent = 0;
    this.#lost = 0;
  }

  /** A packet was sent again: its copies are due later. Forgotten when too many wait or the link is congested. */
  add(extendedSequence: number, nowUs: number): void {
    if (this.#share > congestedShare) return;
    const copies = this.#share > heavyShare ? 2 : 1;
    for (let copy = 0; copy < copies && this.#waiting < maxWaiting; copy++) {
      this.#sequences[this.#waiting] = extendedSequence;
      this.#dueUs[this.#waiting] = nowUs + (delaysUs[copy] ?? 0);
      this.#waiting++;
    }
  }

  /** Takes out one that is due; -1 when none is. */
  shift(nowUs: number): number {
    for (let i = 0; i < this.#waiting; i++) {
      if ((this.#dueUs[i] ?? 0) > nowUs) continue;
      const sequence = this.#sequences[i] ?? -1;
      this.#waiting--;
      this.#sequences[i] = this.#sequences[this.#waiting] ?? -1;
      this.#dueUs[i] = this.#dueUs[this.#waiting] ?? 0;
      return sequence;
    }
    return -1;
  }

  clear(): void {
    this.#waiting = 0;
  }
}
