import type { Clock } from "../core/ports.ts";

/** After so much joining in one turn of the event loop the rest waits for the next turns. */
export const JOINING_PER_TURN_MS = 3;
/** Steps of joins that may wait. */
export const MAX_WAITING_STEPS = 1024;

interface Step {
  readonly run: () => void;
  /** It goes on in promises, whose time is only seen when the turn is over. */
  readonly asynchronous: boolean;
}

/**
 * Spreads the work of joins over turns of the event loop, so that a crowd that joins at once does not keep those waiting
 * who are there: sockets and timers have their turns between any two steps.
 */
export class JoinTurns {
  readonly #clock: Clock;
  readonly #maxWaiting: number;
  readonly #waiting: Step[] = [];
  #immediate: NodeJS.Immediate | undefined;
  /** When this turn's first step began. */
  #beganUs: number | undefined;

  constructor(clock: Clock, maxWaiting: number = MAX_WAITING_STEPS) {
    this.#clock = clock;
    this.#maxWaiting = maxWaiting;
  }

  /** Steps that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether a step given to `run` now is done before `run` returns. */
  get isFree(): boolean {
    return this.#waiting.length === 0 && this.#hasTime();
  }

  /** Does `step`, now or after those that wait already. False when too many wait: it is never done then. */
  run(step: () => void): boolean {
    return this.#take({ run: step, asynchronous: false });
  }

  /** Resolves with true when it is the caller's turn, with false at once when too many wait. */
  enter(): Promise<boolean> {
    return new Promise((resolve) => {
      if (!this.#take({ run: () => resolve(true), asynchronous: true })) resolve(false);
    });
  }

  #take(step: Step): boolean {
    if (this.isFree) {
      this.#begin();
      step.run();
      return true;
    }
    if (this.#waiting.length >= this.#maxWaiting) return false;
    this.#waiting.push(step);
    return true;
  }

  #begin(): void {
    this.#beganUs ??= this.#clock.nowUs();
    this.#immediate ??= setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#immediate = undefined;
    this.#beganUs = undefined;
    while (this.#hasTime()) {
      const step = this.#waiting.shift();
      if (step === undefined) return;
      this.#begin();
      step.run();
      if (step.asynchronous) return;
    }
  }

  #hasTime(): boolean {
    const began = this.#beganUs;
    return began === undefined || this.#clock.nowUs() - began < JOINING_PER_TURN_MS * 1000;
  }
}
