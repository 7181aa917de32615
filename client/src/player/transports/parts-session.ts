import type { MediaRecord } from "@millrace/media/parts";
import type { Scheduler } from "../scheduler.ts";
import { LiveEdge, type LiveEdgeLimits } from "../sink/live-edge.ts";
import { canChaseSmoothly, LiveEdgeDriver } from "../sink/live-edge-driver.ts";
import type { MediaSourceKind } from "../sink/media-source.ts";
import { MseSink } from "../sink/mse.ts";
import type { StatsSample } from "../stats.ts";
import { ElementCounter } from "./element-sample.ts";
import type { MediaSession, MediaSessionEvents } from "./media-session.ts";
import type { OpenRecords, RecordSource } from "./record-source.ts";
import { reasonFrom, statusFrom } from "./stream-events.ts";

export interface PartsSessionOptions {
  readonly video: HTMLVideoElement;
  readonly events: MediaSessionEvents;
  readonly scheduler: Scheduler;
  readonly kind: MediaSourceKind;
  readonly stream: string;
  readonly openRecords: OpenRecords;
  readonly edgeLimits: Partial<LiveEdgeLimits>;
}

/** Fragmented MP4 from any source of records, played by our own sink. */
export class PartsSession implements MediaSession {
  readonly #options: PartsSessionOptions;
  readonly #counter: ElementCounter;
  readonly #driver: LiveEdgeDriver;
  #source: RecordSource | undefined;
  #sink: MseSink | undefined;
  #over = false;
  #closed = false;

  constructor(options: PartsSessionOptions) {
    this.#options = options;
    this.#counter = new ElementCounter(options.video);
    const edge = new LiveEdge(options.edgeLimits, canChaseSmoothly());
    this.#driver = new LiveEdgeDriver(options.video, edge, options.scheduler);
  }

  start(): void {
    this.#source = this.#options.openRecords({
      answered: (yes) => this.#options.events.link(yes),
      received: (bytes) => this.#counter.received(bytes),
      record: (record) => this.#take(record),
      ended: (code, message) => this.#fail(code, message),
    });
  }

  captureWallMs(mediaSeconds: number): number | undefined {
    return this.#sink?.captureWallMs(mediaSeconds);
  }

  sample(): StatsSample {
    return this.#counter.sample(this.#options.scheduler.nowMs(), this.#sink?.mime ?? "");
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#driver.close();
    this.#sink?.close();
  }

  #take(record: MediaRecord): void {
    if (this.#over) return;
    switch (record.type) {
      case "event":
        this.#heard(record.event, record.data);
        break;
      case "init":
        this.#sink ??= this.#begin();
        this.#sink?.push(record);
        break;
      case "part":
        this.#sink?.push(record);
        break;
      case "gap":
        this.#sink?.push({ type: "gap" });
        break;
      case "end":
        break;
    }
  }

  #heard(event: string, data: unknown): void {
    const status = statusFrom(event, data, this.#options.stream);
    if (status !== undefined) this.#options.events.status(status);
    const reason = reasonFrom(event, data);
    if (reason !== undefined) this.#fail(reason, "");
  }

  /** Takes the surface. */
  #begin(): MseSink | undefined {
    const { video, kind, events } = this.#options;
    events.ready();
    if (this.#closed) return undefined;
    this.#driver.start();
    return new MseSink({
      element: video,
      kind,
      events: {
        attached: () => {
          this.#driver.restart();
          events.media();
        },
        appended: () => this.#driver.look(),
        failed: (code, message) => this.#fail(code, message),
      },
    });
  }

  /** Nothing more comes; what is buffered plays out. */
  #stop(): void {
    this.#over = true;
    this.#source?.close();
  }

  #fail(code: string, message: string): void {
    if (this.#over) return;
    this.#stop();
    this.#options.events.failed(code, message);
  }
}
