import type { Scheduler } from "./scheduler.ts";

/** How long a page may be hidden before its players pause. */
export const hiddenPauseMs = 60_000;

export interface VisibilityEvents {
  /** The page was hidden for too long. */
  pause(): void;
  /** The page is visible again after `pause`. */
  resume(): void;
}

/** Decides when a hidden page's player pauses and goes on. */
export class Visibility {
  readonly #scheduler: Scheduler;
  readonly #events: VisibilityEvents;
  #cancel: (() => void) | undefined;
  #paused = false;

  constructor(scheduler: Scheduler, events: VisibilityEvents) {
    this.#scheduler = scheduler;
    this.#events = events;
  }

  /** Tells whether the page can be seen. `keep` says that it plays on when hidden (background, picture in picture). */
  update(visible: boolean, keep: boolean): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (visible) {
      const resume = this.#paused;
      this.#paused = false;
      if (resume) this.#events.resume();
    } else if (!keep && !this.#paused) {
      this.#cancel = this.#scheduler.after(hiddenPauseMs, () => {
        this.#cancel = undefined;
        this.#paused = true;
        this.#events.pause();
      });
    }
  }

  /** Stops the timer and forgets the pause. May be called twice. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#paused = false;
  }
}
