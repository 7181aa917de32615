/** RFC 8489 section 6.2.1: a request is sent again for at most 39.5 s. */
const keptMs = 40_000;

/** Answers by path and transaction, so that a request that is sent again over UDP gets the same one. RFC 8489 section 6.3.1. */
export class AnswerMemory {
  readonly #maxAnswers: number;
  /** Oldest first. */
  readonly #answers = new Map<string, { readonly answer: Uint8Array; readonly untilMs: number }>();

  constructor(maxAnswers: number) {
    this.#maxAnswers = maxAnswers;
  }

  get size(): number {
    return this.#answers.size;
  }

  keep(path: string, transaction: string, answer: Uint8Array, nowMs: number): void {
    const name = `${path} ${transaction}`;
    this.#answers.delete(name);
    this.#answers.set(name, { answer, untilMs: nowMs + keptMs });
    if (this.#answers.size <= this.#maxAnswers) return;
    for (const oldest of this.#answers.keys()) {
      this.#answers.delete(oldest);
      break;
    }
  }

  find(path: string, transaction: string): Uint8Array | undefined {
    return this.#answers.get(`${path} ${transaction}`)?.answer;
  }

  sweep(nowMs: number): void {
    for (const [name, { untilMs }] of this.#answers) {
      if (untilMs > nowMs) return;
      this.#answers.delete(name);
    }
  }
}
