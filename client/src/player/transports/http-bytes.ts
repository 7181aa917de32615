import type { Scheduler } from "../scheduler.ts";
import type { ByteStream, ByteStreamEvents } from "./byte-stream.ts";
import { failureOfResponse } from "./media-failure.ts";
import type { MediaRequest } from "./media-request.ts";

/** How long a server may take to begin its answer. Milliseconds. */
export const answerMs = 12_000;

export interface HttpBytesOptions {
  readonly request: MediaRequest;
  readonly fetch: typeof fetch;
  readonly scheduler: Scheduler;
  /** Hears of each answer, for the clock. */
  readonly answered?: (response: Response, sentMs: number) => void;
}

/** The body of an answer that goes on for as long as the stream. */
export function openHttpBytes(options: HttpBytesOptions, events: ByteStreamEvents): ByteStream {
  const stream = new HttpBytes(options, events);
  void stream.run();
  return stream;
}

class HttpBytes implements ByteStream {
  readonly #options: HttpBytesOptions;
  readonly #events: ByteStreamEvents;
  readonly #abort = new AbortController();
  #closed = false;
  #answered = false;

  constructor(options: HttpBytesOptions, events: ByteStreamEvents) {
    this.#options = options;
    this.#events = events;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort();
  }

  async run(): Promise<void> {
    const { request, scheduler } = this.#options;
    // What is told begins in a later turn than the call that opened the stream.
    await Promise.resolve();
    if (this.#closed) return;
    const cancel = scheduler.after(answerMs, () => this.#end("TIMEOUT", ""));
    const sentMs = scheduler.nowMs();
    try {
      const response = await this.#options.fetch(request.url, {
        headers: request.headers,
        cache: "no-store",
        signal: this.#abort.signal,
      });
      cancel();
      if (this.#closed) return;
      this.#answered = true;
      this.#options.answered?.(response, sentMs);
      this.#events.answered(true);
      if (response.ok) await this.#read(response);
      else await this.#refused(response);
    } catch {
      this.#end(this.#answered ? "CONNECTION_LOST" : "SERVER_UNREACHABLE", "");
    } finally {
      cancel();
    }
  }

  async #read(response: Response): Promise<void> {
    const reader = response.body?.getReader();
    for (;;) {
      const next = await reader?.read();
      if (this.#closed) return;
      if (next === undefined || next.done) break;
      this.#events.bytes(next.value);
    }
    this.#end("CONNECTION_LOST", "");
  }

  async #refused(response: Response): Promise<void> {
    const { code, message } = await failureOfResponse(response);
    this.#end(code, message);
  }

  #end(code: string, message: string): void {
    if (this.#closed) return;
    const answered = this.#answered;
    this.close();
    if (!answered) this.#events.answered(false);
    this.#events.ended(code, message);
  }
}
