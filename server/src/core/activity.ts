import type { Log, Transport } from "./ports.ts";
import type { Publisher } from "./publisher.ts";
import type { Stream } from "./stream.ts";
import type { StreamChange } from "./stream-events.ts";
import type { Viewer } from "./viewer.ts";

/** Somebody was not let in. */
export interface Refusal {
  readonly action: "publish" | "play" | "call";
  readonly transport: Transport;
  /** A stable code, and the status that HTTP has for it. */
  readonly code: string;
  readonly status: number;
}

/** Is told what begins, changes and ends, of all streams. Called where media flows: quick, and nothing is awaited. */
export interface ActivityObserver {
  publishStarted?(publisher: Publisher): void;
  /** `reason` is a stable code. */
  publishEnded?(publisher: Publisher, reason: string): void;
  playStarted?(stream: Stream, viewer: Viewer): void;
  /** `reason` is a stable code. */
  playEnded?(stream: Stream, viewer: Viewer, reason: string): void;
  /** The first media went to the viewer. */
  mediaStarted?(stream: Stream, viewer: Viewer): void;
  streamChanged?(stream: Stream, change: StreamChange): void;
  /** Of those whom access let in; whoever asks access knows of the others. */
  refused?(refusal: Refusal): void;
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

  mediaStarted(stream: Stream, viewer: Viewer): void {
    this.#tell((observer) => observer.mediaStarted?.(stream, viewer));
  }

  refused(refusal: Refusal): void {
    this.#tell((observer) => observer.refused?.(refusal));
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
