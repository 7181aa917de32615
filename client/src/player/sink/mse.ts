import type { InitRecord, PartRecord } from "@millrace/media/parts";
import { CaptureMap } from "./capture-map.ts";
import {
  attachSource,
  type MediaSourceKind,
  type SourceElement,
  trackKinds,
} from "./media-source.ts";
import { MseQueue, type QueueLimits, type SinkItem } from "./mse-queue.ts";
import { PartTimeline } from "./part-timeline.ts";

/** The part of a `<video>` that the sink needs. */
export interface SinkElement extends SourceElement, Pick<EventTarget, "addEventListener"> {
  readonly currentTime: number;
}

export interface MseSinkEvents {
  /** The element has a source with media for it; again when the stream needs a new source. */
  attached(): void;
  /** Media was appended. */
  appended(): void;
  /** `MEDIA_UNSUPPORTED` the browser does not know the codecs, `MEDIA_ERROR` it could not take the media. Nothing follows. */
  failed(code: string, message: string): void;
}

export interface MseSinkLimits extends QueueLimits {
  /** Played media beyond this is removed, down to `keepSeconds`. */
  readonly maxPlayedSeconds: number;
  readonly keepSeconds: number;
}

export const defaultMseSinkLimits: Omit<MseSinkLimits, keyof QueueLimits> = {
  maxPlayedSeconds: 20,
  keepSeconds: 5,
};

export interface MseSinkOptions {
  readonly element: SinkElement;
  readonly kind: MediaSourceKind;
  readonly events: MseSinkEvents;
  readonly limits?: Partial<MseSinkLimits>;
}

/** How the sink makes room when the browser refuses more: first what was played, then all. */
type Room = "enough" | "played-removed" | "all-removed";

/**
 * Feeds fragmented MP4 to an element by Media Source Extensions (W3C). One source buffer takes all tracks. It
 * begins at 0, closes gaps, keeps little behind the position, and makes a new source for other kinds of tracks.
 */
export class MseSink {
  readonly #options: MseSinkOptions;
  readonly #limits: Omit<MseSinkLimits, keyof QueueLimits>;
  readonly #queue: MseQueue;
  readonly #timeline = new PartTimeline();
  readonly #captures = new CaptureMap();
  readonly #listening = new AbortController();
  #source: MediaSource | undefined;
  #buffer: SourceBuffer | undefined;
  #detach: (() => void) | undefined;
  #mime = "";
  #room: Room = "enough";
  #failed = false;
  #closed = false;

  constructor(options: MseSinkOptions) {
    this.#options = options;
    this.#limits = { ...defaultMseSinkLimits, ...options.limits };
    this.#queue = new MseQueue(options.limits);
    const { signal } = this.#listening;
    options.element.addEventListener("error", () => this.#fail("MEDIA_ERROR"), { signal });
  }

  /** MIME type of the media; empty before the first. */
  get mime(): string {
    return this.#mime;
  }

  /** Takes the next item and keeps its bytes. The first init attaches a source to the element. */
  push(item: SinkItem): void {
    if (this.#failed || this.#closed) return;
    this.#queue.push(item);
    this.#pump();
  }

  /** When what is shown there was captured, server wall clock in milliseconds; undefined while not known. */
  captureWallMs(mediaSeconds: number): number | undefined {
    return this.#captures.wallMs(mediaSeconds);
  }

  /** Lets go of the element, which is empty then. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listening.abort();
    this.#queue.clear();
    this.#release();
  }

  #pump(): void {
    for (;;) {
      if (this.#failed || this.#closed || this.#buffer?.updating) return;
      const item = this.#queue.first;
      if (item === undefined) return;
      // Parts wait until there is a source; the init that makes it does not.
      if (item.type !== "init" && this.#source !== undefined && this.#buffer === undefined) return;
      if (item.type === "init" && !this.#isReadyFor(item)) return;
      if (item.type === "part" && this.#buffer !== undefined && this.#makeRoom()) return;
      this.#queue.shift();
      if (item.type === "gap") this.#timeline.gap();
      else if (item.type === "init") this.#appendInit(item);
      else this.#appendPart(item);
    }
  }

  /** Whether there is an open source that takes the init; makes one where there is none. */
  #isReadyFor(init: InitRecord): boolean {
    if (!this.#options.kind.isTypeSupported(init.mime)) {
      this.#fail("MEDIA_UNSUPPORTED");
      return false;
    }
    if (this.#buffer !== undefined && !this.#canChangeTo(init.mime)) this.#release();
    if (this.#source === undefined) this.#attach();
    return this.#source?.readyState === "open";
  }

  /** A source buffer keeps the kinds of tracks that it began with (MSE section 3.5.8, initialization segment received). */
  #canChangeTo(mime: string): boolean {
    if (mime === this.#mime) return true;
    return (
      trackKinds(mime) === trackKinds(this.#mime) && typeof this.#buffer?.changeType === "function"
    );
  }

  #attach(): void {
    const { element, kind, events } = this.#options;
    const source = kind.create();
    this.#source = source;
    const opened = () => {
      if (source === this.#source) this.#pump();
    };
    source.addEventListener("sourceopen", opened, { signal: this.#listening.signal });
    this.#detach = attachSource(element, source, kind.managed);
    events.attached();
  }

  #release(): void {
    this.#buffer = undefined;
    this.#source = undefined;
    this.#detach?.();
    this.#detach = undefined;
    this.#timeline.restart();
    this.#captures.clear();
    this.#room = "enough";
  }

  #appendInit(init: InitRecord): void {
    try {
      if (this.#buffer === undefined) this.#addBuffer(init.mime);
      else if (init.mime !== this.#mime) this.#buffer.changeType(init.mime);
      this.#mime = init.mime;
      this.#buffer?.appendBuffer(init.bytes as Uint8Array<ArrayBuffer>);
    } catch {
      this.#fail("MEDIA_ERROR");
    }
  }

  #addBuffer(mime: string): void {
    const buffer = this.#source?.addSourceBuffer(mime);
    if (buffer === undefined) return;
    this.#buffer = buffer;
    const { signal } = this.#listening;
    const current = () => buffer === this.#buffer;
    buffer.addEventListener("updateend", () => current() && this.#appended(), { signal });
    buffer.addEventListener("error", () => current() && this.#fail("MEDIA_ERROR"), { signal });
  }

  #appendPart(part: PartRecord): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    const place = this.#timeline.place(part);
    if (place === undefined) return;
    try {
      if (buffer.timestampOffset !== place.offsetSeconds) {
        buffer.timestampOffset = place.offsetSeconds;
      }
      buffer.appendBuffer(part.bytes as Uint8Array<ArrayBuffer>);
      this.#room = "enough";
    } catch (error) {
      this.#refused(part, error);
      return;
    }
    if (part.wallMs !== undefined) this.#captures.add(place.startSeconds, part.wallMs);
  }

  /** A part that did not fit is left out with all up to the next one that can be begun with. */
  #refused(part: PartRecord, error: unknown): void {
    if (
      (error as Error | undefined)?.name !== "QuotaExceededError" ||
      this.#room === "all-removed"
    ) {
      this.#fail("MEDIA_ERROR");
      return;
    }
    this.#timeline.retract();
    this.#timeline.gap();
    const everything = this.#room === "played-removed" || this.#playedSeconds() < 1;
    this.#room = everything ? "all-removed" : "played-removed";
    if (part.independent) this.#queue.unshift(part);
    if (everything) this.#remove(Number.POSITIVE_INFINITY);
    else this.#remove(this.#options.element.currentTime - 0.5);
  }

  /** Removes what was played long ago; true while the buffer is busy with it. */
  #makeRoom(): boolean {
    const { maxPlayedSeconds, keepSeconds } = this.#limits;
    if (this.#playedSeconds() <= maxPlayedSeconds) return false;
    this.#remove(this.#options.element.currentTime - keepSeconds);
    return this.#buffer?.updating ?? false;
  }

  #playedSeconds(): number {
    const buffered = this.#buffer?.buffered;
    if (buffered === undefined || buffered.length === 0) return 0;
    return this.#options.element.currentTime - buffered.start(0);
  }

  #remove(endSeconds: number): void {
    try {
      this.#buffer?.remove(0, endSeconds);
    } catch {
      this.#fail("MEDIA_ERROR");
    }
  }

  #appended(): void {
    this.#options.events.appended();
    this.#pump();
  }

  #fail(code: string): void {
    if (this.#failed || this.#closed) return;
    this.#failed = true;
    this.#queue.clear();
    this.#options.events.failed(code, "");
  }
}
