import type { ServerResponse } from "node:http";
import { type Clock, RefusedError, type Timer } from "../../core/index.ts";

/** Requests that are held, all streams together. */
export interface HeldCount {
  held: number;
  readonly max: number;
}

/** Whoever has requests held: a session. */
export interface Holder {
  /** Set when it must not wait any longer. */
  readonly closedCode: string | undefined;
  held: number;
}

interface Held {
  readonly isDone: () => boolean;
  readonly settle: (error: RefusedError | undefined) => void;
}

/** Requests of one stream that wait for something to exist. */
export class HeldRequests {
  readonly #clock: Clock;
  readonly #count: HeldCount;
  readonly #held = new Set<Held>();

  constructor(clock: Clock, count: HeldCount) {
    this.#clock = clock;
    this.#count = count;
  }

  get size(): number {
    return this.#held.size;
  }

  /**
   * Resolves as soon as `isDone` says so, or when the client is gone.
   * @throws RefusedError `HLS_HOLD_TIMEOUT` 503 when time runs out, `HELD_FULL` 503, `SESSION_HELD_FULL` 429 at the
   *   limits, or what `refuseAll` was given
   */
  async until(
    isDone: () => boolean,
    options: {
      readonly response: ServerResponse;
      readonly timeoutMs: number;
      readonly holder: Holder | undefined;
      readonly maxPerHolder: number;
    },
  ): Promise<void> {
    if (isDone()) return;
    const { response, holder, timeoutMs, maxPerHolder } = options;
    if (this.#count.held >= this.#count.max) {
      throw new RefusedError("HELD_FULL", 503, "As many requests wait as may.");
    }
    if (holder !== undefined && holder.held >= maxPerHolder) {
      throw new RefusedError("SESSION_HELD_FULL", 429, "Too many requests of this session wait.");
    }
    await new Promise<void>((resolve, reject) => {
      let timer: Timer | undefined;
      const held: Held = {
        isDone,
        settle: (error) => {
          if (!this.#held.delete(held)) return;
          this.#count.held--;
          if (holder !== undefined) holder.held--;
          timer?.cancel();
          response.off("close", gone);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      const gone = (): void => held.settle(undefined);
      this.#held.add(held);
      this.#count.held++;
      if (holder !== undefined) holder.held++;
      response.on("close", gone);
      timer = this.#clock.after(timeoutMs, () => held.settle(timedOut()));
    });
  }

  /** Something changed: who has waited for it goes on. */
  check(): void {
    for (const held of [...this.#held]) if (held.isDone()) held.settle(undefined);
  }

  /** Nobody waits any more. */
  refuseAll(error: RefusedError): void {
    for (const held of [...this.#held]) held.settle(error);
  }
}

function timedOut(): RefusedError {
  return new RefusedError("HLS_HOLD_TIMEOUT", 503, "What was asked for did not come in time.");
}
