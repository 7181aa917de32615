import type { Log } from "./ports.ts";
import type { Publisher } from "./publisher.ts";
import type { Stream } from "./stream.ts";
import type { StreamChange } from "./stream-events.ts";
import type { Viewer } from "./viewer.ts";

/** Is told what begins, changes and ends, of all streams. Called where media flows: quick, and nothing is awaited. */
export interface ActivityObserver {
  publishStarted?(publisher: Publisher): void;
  /** `reason` is a stable code. */
  publishEnded?(publisher: Publisher, reason: string): void;
  playStarted?(stream: Stream, viewer: Viewer): void;
  /** `reason` is a stable code. */
  playEnded?(stream: Stream, viewer: Viewer, reason: string): void;
  streamChanged?(stream: Stream, change: StreamChange): void;
}

/** Tells several observers; one that throws harms neither the others nor what it is told about. */
export class Activity implements Required<ActivityObserver> {
  readonly #log: Log;
  readonly #observers = new Set<ActivityObserver>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Tells everything from now on. Returns how to stop. */
  watch(observer: ActivityObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  publishStarted(publisher: Publisher): void {
    this.#tell((observer) => observer.publishStarted?.(publisher));
  }

  publishEnded(publisher: Publisher, reason: string): void {
    this.#tell((observer) => observer.publishEnded?.(publisher, reason));
  }

  playStarted(stream: Stream, viewer: Viewer): void {
    this.#tell((observer) => observer.playStarted?.(stream, viewer));
  }

  playEnded(stream: Stream, viewer: Viewer, reason: string): void {
    this.#tell((observer) => observer.playEnded?.(stream, viewer, reason));
  }

  streamChanged(stream: Stream, change: StreamChange): void {
    this.#tell((observer) => observer.streamChanged?.(stream, change));
  }

  #tell(call: (observer: ActivityObserver) => void): void {
    for (const observer of [...this.#observers]) {
      try {
        call(observer);
      } catch (error) {
        this.#log.error({ err: error, code: "OBSERVER_FAILED" }, "an observer of streams failed");
      }
    }
  }
}
