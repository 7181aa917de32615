import type { Scheduler } from "../scheduler.ts";
import { LiveEdge, type LiveEdgeLimits } from "../sink/live-edge.ts";
import { canChaseSmoothly, LiveEdgeDriver } from "../sink/live-edge-driver.ts";
import type { StatsSample } from "../stats.ts";
import type { ByteStream, OpenByteStream } from "./byte-stream.ts";
import { ElementCounter } from "./element-sample.ts";
import { FlvCutter } from "./flv-cutter.ts";
import type { CreateFlvEngine, FlvEngine } from "./flv-engine.ts";
import type { MediaSession, MediaSessionEvents } from "./media-session.ts";

/** Bytes that may come before mpegts.js is loaded; more than a group of pictures of the server. */
export const maxEarlyBytes: number = 32 * 1024 * 1024;

export interface FlvSessionOptions {
  readonly video: HTMLVideoElement;
  readonly events: MediaSessionEvents;
  readonly scheduler: Scheduler;
  readonly openBytes: OpenByteStream;
  /** Loads mpegts.js; rejects when that cannot be had. */
  readonly loadEngine: () => Promise<CreateFlvEngine>;
  readonly edgeLimits: Partial<LiveEdgeLimits>;
}

/** FLV over any byte stream, played by mpegts.js. The stream is opened while the library loads. */
export class FlvSession implements MediaSession {
  readonly #options: FlvSessionOptions;
  readonly #cutter = new FlvCutter();
  readonly #counter: ElementCounter;
  readonly #driver: LiveEdgeDriver;
  #bytes: ByteStream | undefined;
  #createEngine: CreateFlvEngine | undefined;
  #engine: FlvEngine | undefined;
  #early: ArrayBuffer[] = [];
  #earlyBytes = 0;
  #over = false;
  #closed = false;

  constructor(options: FlvSessionOptions) {
    this.#options = options;
    this.#counter = new ElementCounter(options.video);
    const edge = new LiveEdge(options.edgeLimits, canChaseSmoothly());
    this.#driver = new LiveEdgeDriver(options.video, edge, options.scheduler);
  }

  start(): void {
    this.#options.loadEngine().then(
      (create) => {
        this.#createEngine = create;
        this.#give([]);
      },
      () => this.#fail("LOAD_FAILED", ""),
    );
    this.#bytes = this.#options.openBytes({
      answered: (yes) => this.#options.events.link(yes),
      bytes: (chunk) => this.#receive(chunk),
      ended: (code, message) => this.#fail(code, message),
    });
  }

  captureWallMs(mediaSeconds: number): number | undefined {
    return this.#cutter.captureWallMs(mediaSeconds);
  }

  sample(): StatsSample {
    return this.#counter.sample(this.#options.scheduler.nowMs(), this.#engine?.mime ?? "");
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#driver.close();
    this.#engine?.close();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#over) return;
    this.#counter.received(chunk.byteLength);
    let pieces: readonly ArrayBuffer[];
    try {
      pieces = this.#cutter.receive(chunk);
    } catch {
      this.#fail("MEDIA_ERROR", "");
      return;
    }
    this.#give(pieces);
  }

  #give(pieces: readonly ArrayBuffer[]): void {
    if (this.#over) return;
    if (this.#engine === undefined) {
      this.#early.push(...pieces);
      this.#earlyBytes += pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
      if (this.#earlyBytes > maxEarlyBytes) this.#fail("MEDIA_ERROR", "");
      else if (this.#early.length > 0) this.#begin();
      return;
    }
    for (const piece of pieces) this.#engine.push(piece);
    if (pieces.length > 0) this.#driver.look();
  }

  /** Takes the surface when both the library and media are there. */
  #begin(): void {
    if (this.#createEngine === undefined) return;
    const { video, events } = this.#options;
    events.ready();
    if (this.#closed) return;
    this.#engine = this.#createEngine({
      video,
      failed: (code) => this.#fail(code, ""),
    });
    const early = this.#early;
    this.#early = [];
    this.#driver.start();
    events.media();
    for (const piece of early) this.#engine.push(piece);
  }

  /** Nothing more comes; what is buffered plays out. */
  #stop(): void {
    this.#over = true;
    this.#early = [];
    this.#bytes?.close();
  }

  #fail(code: string, message: string): void {
    if (this.#over) return;
    this.#stop();
    this.#options.events.failed(code, message);
  }
}
