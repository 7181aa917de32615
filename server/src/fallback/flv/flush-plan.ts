import type { Clock, Timer } from "../../core/index.ts";
import type { Pace } from "./pace.ts";

/**
 * Decides when what has gathered is written to viewers: in the same turn of the event loop, so that frames
 * that came together go together, or as far from the last time as `Pace` says.
 */
export class FlushPlan {
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #run: () => void;
  #timer: Timer | undefined;
  #dueUs = 0;
  #inThisTurn = false;
  #lastUs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(clock: Clock, pace: Pace, flush: () => void) {
    this.#clock = clock;
    this.#pace = pace;
    this.#run = () => {
      if (this.#closed) return;
      this.#done();
      flush();
    };
  }

  /** There is something to write. `patient`: it can wait for something else to come, as sound can for the picture. */
  request(patient: boolean): void {
    if (this.#inThisTurn || this.#closed) return;
    const { restUs } = this.#pace;
    const nowUs = this.#clock.nowUs();
    const dueUs = (patient ? nowUs : this.#lastUs) + restUs;
    if (dueUs <= nowUs) {
      this.#inThisTurn = true;
      queueMicrotask(this.#run);
    } else if (this.#timer === undefined || dueUs < this.#dueUs) {
      this.#timer?.cancel();
      this.#dueUs = dueUs;
      this.#timer = this.#clock.after((dueUs - nowUs) / 1000, this.#run);
    }
  }

  /** May be called twice. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #done(): void {
    this.#inThisTurn = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#lastUs = this.#clock.nowUs();
  }
}
