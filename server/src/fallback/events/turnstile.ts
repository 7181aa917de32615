/** Somebody whose work is due. */
export interface Waiting {
  go(): void;
}

/**
 * Lets so many go in one turn of the event loop and the others in the next ones, first come, first served: a
 * crowd that waits for the same event must not hold up everybody else's media.
 */
export class Turnstile {
  readonly #perTurn: number;
  #queue: Waiting[] = [];
  #passed = 0;
  #scheduled = false;

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Lets one go, now or in a later turn. */
  enter(one: Waiting): void {
    this.#schedule();
    if (this.#passed < this.#perTurn && this.#queue.length === 0) {
      this.#passed++;
      one.go();
    } else {
      this.#queue.push(one);
    }
  }

  /** Forgets who waits. May be called twice. */
  close(): void {
    this.#queue = [];
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const next = this.#queue.splice(0, this.#perTurn);
      this.#passed = next.length;
      if (next.length > 0) this.#schedule();
      for (const one of next) one.go();
    });
  }
}
