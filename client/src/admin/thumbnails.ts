import type { Scheduler } from "../player/scheduler.ts";

export interface ThumbnailOptions {
  readonly scheduler: Scheduler;
  /** Fetches a stream's picture and shows it. False: there is none now. Never rejects. */
  load(stream: string, signal: AbortSignal): Promise<boolean>;
  /** Milliseconds from one picture of a stream to the next. */
  readonly everyMs?: number;
  /** Milliseconds until a stream without a picture is asked again. */
  readonly restMs?: number;
  /** Pictures that are fetched at the same time. */
  readonly atOnce?: number;
}

interface Waiting {
  dueMs: number;
  running: AbortController | undefined;
}

/** Fetches pictures of the streams that are seen, now and then and few at once: each one is made by the server on demand. */
export class Thumbnails {
  readonly #options: Required<ThumbnailOptions>;
  readonly #seen = new Map<string, Waiting>();
  #running = 0;
  #visible = true;
  #cancel: (() => void) | undefined;

  constructor(options: ThumbnailOptions) {
    this.#options = { everyMs: 5000, restMs: 20_000, atOnce: 3, ...options };
  }

  /** Tells whether a stream's picture is on the screen. */
  setSeen(stream: string, seen: boolean): void {
    const present = this.#seen.get(stream);
    if (seen && present === undefined) {
      this.#seen.set(stream, { dueMs: this.#options.scheduler.nowMs(), running: undefined });
      this.#go();
    } else if (!seen && present !== undefined) {
      this.#seen.delete(stream);
      present.running?.abort();
    }
  }

  /** Whether the page is seen at all. */
  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    if (visible) this.#go();
    else this.#stop();
  }

  /** Nothing is seen any more. */
  clear(): void {
    this.#stop();
    for (const stream of [...this.#seen.keys()]) this.setSeen(stream, false);
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #go(): void {
    this.#stop();
    if (!this.#visible) return;
    const { atOnce, scheduler } = this.#options;
    const nowMs = scheduler.nowMs();
    const idle = [...this.#seen]
      .filter(([, { running }]) => running === undefined)
      .sort(([, a], [, b]) => a.dueMs - b.dueMs);
    for (const [stream, waiting] of idle) {
      if (this.#running >= atOnce) return;
      if (waiting.dueMs > nowMs) {
        this.#cancel = scheduler.after(waiting.dueMs - nowMs, () => this.#go());
        return;
      }
      void this.#load(stream, waiting);
    }
  }

  async #load(stream: string, waiting: Waiting): Promise<void> {
    const { everyMs, load, restMs, scheduler } = this.#options;
    const running = new AbortController();
    waiting.running = running;
    this.#running += 1;
    const shown = await load(stream, running.signal);
    this.#running -= 1;
    waiting.running = undefined;
    waiting.dueMs = scheduler.nowMs() + (shown ? everyMs : restMs);
    this.#go();
  }
}
