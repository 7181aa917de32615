import { MultipartReader, type Part } from "@millrace/media/multipart";
import type { Scheduler } from "../scheduler.ts";
import type { StatsSample } from "../stats.ts";
import type { ByteStream, OpenByteStream } from "./byte-stream.ts";
import type { CaptureLatency } from "./capture-latency.ts";
import { trackSample } from "./element-sample.ts";
import type { MediaSession, MediaSessionEvents } from "./media-session.ts";

/** The delimiter of the server's pictures. */
const boundary = "imgboundary";

/** The part of an `<img>` that showing pictures needs. */
export interface PictureElement {
  src: string;
  readonly naturalWidth: number;
  readonly naturalHeight: number;
  decode(): Promise<void>;
  removeAttribute(name: string): void;
}

/** Object URLs of pictures. */
export interface PictureUrls {
  create(jpeg: Uint8Array): string;
  revoke(url: string): void;
}

export interface MjpegSessionOptions {
  readonly image: PictureElement;
  readonly events: MediaSessionEvents;
  readonly scheduler: Scheduler;
  readonly openBytes: OpenByteStream;
  readonly urls: PictureUrls;
  readonly latency: CaptureLatency;
  serverWallMs(atMs: number): number | undefined;
}

/**
 * M-JPEG (`multipart/x-mixed-replace`) read as bytes and shown picture by picture: an `<img>` with that address
 * would not say that it froze, nor how old its picture is. While one picture is decoded only the newest waits.
 */
export class MjpegSession implements MediaSession {
  readonly #options: MjpegSessionOptions;
  readonly #reader = new MultipartReader(boundary);
  #bytes: ByteStream | undefined;
  #waiting: Part | undefined;
  #busy = false;
  #began = false;
  #url: string | undefined;
  #timestamp = "";
  #received = 0;
  #shown = 0;
  #dropped = 0;
  #over = false;
  #closed = false;

  constructor(options: MjpegSessionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#bytes = this.#options.openBytes({
      answered: (yes) => this.#options.events.link(yes),
      bytes: (chunk) => this.#receive(chunk),
      ended: (code, message) => this.#fail(code, message),
    });
  }

  captureWallMs(): undefined {
    return undefined;
  }

  sample(): StatsSample {
    const { naturalWidth, naturalHeight } = this.#options.image;
    const video = trackSample({
      codec: "JPEG",
      bytes: this.#received,
      framesDecoded: this.#shown,
      framesDropped: this.#dropped,
      width: naturalWidth || undefined,
      height: naturalHeight || undefined,
    });
    const atMs = this.#options.scheduler.nowMs();
    return { atMs, video, audio: undefined, rttMs: undefined, path: undefined };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    if (this.#began) this.#options.image.removeAttribute("src");
    if (this.#url !== undefined) this.#options.urls.revoke(this.#url);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#over) return;
    this.#received += chunk.byteLength;
    try {
      for (const part of this.#reader.receive(chunk)) this.#picture(part);
    } catch {
      this.#fail("MEDIA_ERROR", "");
    }
  }

  #picture(part: Part): void {
    const timestamp = part.headers.get("x-timestamp") ?? "";
    // The server repeats a picture for browsers that show each one late.
    if (timestamp !== "" && timestamp === this.#timestamp) return;
    this.#timestamp = timestamp;
    if (this.#waiting !== undefined) this.#dropped++;
    this.#waiting = part;
    if (!this.#busy) void this.#show();
  }

  /** Never rejects. */
  async #show(): Promise<void> {
    const { image, events, urls } = this.#options;
    this.#busy = true;
    for (let part = this.#takeWaiting(); part !== undefined; part = this.#takeWaiting()) {
      if (!this.#began) {
        this.#began = true;
        events.ready();
        if (this.#closed) return;
        events.media();
      }
      const url = urls.create(part.body);
      image.src = url;
      const decoded = await image.decode().then(
        () => true,
        () => false,
      );
      if (this.#closed) {
        urls.revoke(url);
        return;
      }
      if (this.#url !== undefined) urls.revoke(this.#url);
      this.#url = url;
      if (decoded) this.#told(part);
      else this.#dropped++;
    }
    this.#busy = false;
  }

  #takeWaiting(): Part | undefined {
    const part = this.#over ? undefined : this.#waiting;
    this.#waiting = undefined;
    return part;
  }

  #told(part: Part): void {
    const { scheduler, latency, serverWallMs, events } = this.#options;
    this.#shown++;
    const seconds = Number(part.headers.get("x-timestamp") ?? Number.NaN);
    const nowMs = scheduler.nowMs();
    const captureMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
    events.shown(latency.frame(captureMs, nowMs, serverWallMs(nowMs)));
  }

  /** Nothing more comes; the last picture stays. */
  #stop(): void {
    this.#over = true;
    this.#bytes?.close();
  }

  #fail(code: string, message: string): void {
    if (this.#over) return;
    this.#stop();
    this.#options.events.failed(code, message);
  }
}
