import type { Scheduler } from "../scheduler.ts";
import type { StatsSample } from "../stats.ts";
import { ElementCounter } from "./element-sample.ts";
import { failureOfResponse } from "./media-failure.ts";
import type { MediaRequest } from "./media-request.ts";
import type { MediaSession, MediaSessionEvents } from "./media-session.ts";

/** MIME type of playlists. RFC 8216 section 10. */
export const playlistType = "application/vnd.apple.mpegurl";

export interface NativeHlsSessionOptions {
  readonly video: HTMLVideoElement;
  readonly events: MediaSessionEvents;
  readonly scheduler: Scheduler;
  readonly fetch: typeof fetch;
  /** Asks why, for the element would not tell. */
  readonly request: MediaRequest;
  /** What the element plays. Secret when the address has a token. */
  readonly url: string;
  answered(response: Response, sentMs: number): void;
}

/** HLS by the browser's own player, where there are no Media Source Extensions: old iPhones. */
export class NativeHlsSession implements MediaSession {
  readonly #options: NativeHlsSessionOptions;
  readonly #counter: ElementCounter;
  readonly #abort = new AbortController();
  #began = false;
  #over = false;
  #closed = false;

  constructor(options: NativeHlsSessionOptions) {
    this.#options = options;
    this.#counter = new ElementCounter(options.video);
  }

  start(): void {
    void this.#open();
  }

  captureWallMs(mediaSeconds: number): number | undefined {
    const { video } = this.#options;
    if (!("getStartDate" in video) || typeof video.getStartDate !== "function") return undefined;
    const startMs = Number((video.getStartDate as () => Date).call(video));
    return Number.isFinite(startMs) ? startMs + mediaSeconds * 1000 : undefined;
  }

  sample(): StatsSample {
    return this.#counter.sample(this.#options.scheduler.nowMs(), "");
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#over = true;
    this.#abort.abort();
    if (!this.#began) return;
    this.#options.video.removeAttribute("src");
    this.#options.video.load();
  }

  /** Never rejects. */
  async #open(): Promise<void> {
    const { request, scheduler, events } = this.#options;
    const { signal } = this.#abort;
    const sentMs = scheduler.nowMs();
    let response: Response;
    try {
      const { headers } = request;
      response = await this.#options.fetch(request.url, { headers, cache: "no-store", signal });
    } catch {
      if (this.#closed) return;
      events.link(false);
      this.#fail("SERVER_UNREACHABLE", "");
      return;
    }
    if (this.#closed) return;
    this.#options.answered(response, sentMs);
    events.link(true);
    if (!response.ok) {
      const { code, message } = await failureOfResponse(response);
      this.#fail(code, message);
      return;
    }
    void response.body?.cancel().catch(() => {});
    this.#begin();
  }

  /** Takes the surface. */
  #begin(): void {
    const { video, events, url } = this.#options;
    events.ready();
    if (this.#closed) return;
    this.#began = true;
    const { signal } = this.#abort;
    video.addEventListener("error", () => this.#fail(codeOf(video.error), ""), { signal });
    video.addEventListener("ended", () => this.#fail("STREAM_ENDED", ""), { signal });
    if (video.srcObject !== null) video.srcObject = null;
    video.src = url;
    events.media();
  }

  #fail(code: string, message: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.events.failed(code, message);
  }
}

/** HTML section 4.8.11.1: 2 is the network, 4 an address or format that cannot be played. */
function codeOf(error: Pick<MediaError, "code"> | null): string {
  if (error?.code === 2) return "CONNECTION_LOST";
  return error?.code === 4 ? "MEDIA_UNSUPPORTED" : "MEDIA_ERROR";
}
