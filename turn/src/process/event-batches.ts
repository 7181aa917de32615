import type { TurnEvent } from "./message.ts";

/** Events are handed on so often. Milliseconds. */
export const batchMs = 250;
/** Events of one batch; what comes beyond them is counted and dropped. */
export const maxBatchEvents = 512;
/** Of those, refusals: a flood of them must not crowd out the rest. */
export const maxBatchRefusals = 64;

/** Hands a batch on; `done` is called when there may be another. */
export type SendBatch = (events: readonly TurnEvent[], dropped: number, done: () => void) => void;

/**
 * Gathers events into batches, of which one is under way at a time: whoever is slow to take them costs a bounded amount
 * of memory. The owner calls `flush` every `batchMs`.
 */
export class EventBatches {
  readonly #send: SendBatch;
  #events: TurnEvent[] = [];
  #refusals = 0;
  #dropped = 0;
  #underWay = false;

  constructor(send: SendBatch) {
    this.#send = send;
  }

  add(event: TurnEvent): void {
    const refusal = event.type === "refused";
    if (this.#events.length >= maxBatchEvents || (refusal && this.#refusals >= maxBatchRefusals)) {
      this.#dropped++;
      return;
    }
    if (refusal) this.#refusals++;
    this.#events.push(event);
  }

  /** Hands on what was gathered, unless there is nothing or the batch before is still under way. */
  flush(): void {
    if (this.#underWay || (this.#events.length === 0 && this.#dropped === 0)) return;
    const events = this.#events;
    const dropped = this.#dropped;
    this.#events = [];
    this.#refusals = 0;
    this.#dropped = 0;
    this.#underWay = true;
    this.#send(events, dropped, () => {
      this.#underWay = false;
    });
  }
}
