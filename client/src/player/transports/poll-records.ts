import { ProtocolError } from "@millrace/media/error";
import { PartsReader } from "@millrace/media/parts";
import type { StreamAddress } from "../address.ts";
import type { Scheduler } from "../scheduler.ts";
import { failureOfResponse, type MediaFailure } from "./media-failure.ts";
import { mediaRequest } from "./media-request.ts";
import type { RecordEvents, RecordSource } from "./record-source.ts";

/** How long the server may hold a request. Proxies give up after a minute. Seconds. */
export const holdSeconds = 20;
/** A request without an answer in this time is lost. Milliseconds. */
export const pollTimeoutMs = 30_000;
/** Between requests that bring nothing, so that no server's mistake makes a storm. Milliseconds. */
export const idleRestMs = 100;

export interface PollRecordsOptions {
  readonly address: StreamAddress;
  /** `aac` where the browser cannot play the publisher's sound. */
  readonly sound: "native" | "aac";
  readonly fetch: typeof fetch;
  readonly scheduler: Scheduler;
  /** Hears of each answer, for the clock. */
  answered(response: Response, sentMs: number): void;
}

/** Records by long-polling: one request after the other, each for what came after the one before. */
export function openPollRecords(options: PollRecordsOptions, events: RecordEvents): RecordSource {
  const source = new PollRecords(options, events);
  void source.run();
  return source;
}

class PollRecords implements RecordSource {
  readonly #options: PollRecordsOptions;
  readonly #events: RecordEvents;
  readonly #abort = new AbortController();
  #next: string | undefined;
  #session: string | undefined;
  #answered = false;
  #closed = false;

  constructor(options: PollRecordsOptions, events: RecordEvents) {
    this.#options = options;
    this.#events = events;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort();
  }

  async run(): Promise<void> {
    // What is told begins in a later turn than the call that opened the source.
    await Promise.resolve();
    while (!this.#closed) {
      const cancel = this.#options.scheduler.after(pollTimeoutMs, () => this.#end("TIMEOUT", ""));
      let news = true;
      try {
        news = await this.#poll();
      } catch (error) {
        this.#end(this.#codeOf(error), "");
      } finally {
        cancel();
      }
      if (!news && !this.#closed) await this.#rest();
    }
  }

  /** Whether it brought anything. */
  async #poll(): Promise<boolean> {
    const { address, sound, scheduler } = this.#options;
    const request = mediaRequest(address, ".poll", {
      media: "1",
      hold: String(holdSeconds),
      ...(sound === "aac" && { sound }),
      ...(this.#next !== undefined && { after: this.#next }),
      ...(this.#session !== undefined && { session: this.#session }),
    });
    const sentMs = scheduler.nowMs();
    const response = await this.#options.fetch(request.url, {
      headers: request.headers,
      cache: "no-store",
      signal: this.#abort.signal,
    });
    if (this.#closed) return false;
    this.#options.answered(response, sentMs);
    if (!this.#answered) {
      this.#answered = true;
      this.#events.answered(true);
    }
    if (!response.ok) {
      const { code, message }: MediaFailure = await failureOfResponse(response);
      this.#end(code, message);
      return false;
    }
    this.#next = response.headers.get("Millrace-Next") ?? this.#next;
    this.#session = response.headers.get("Millrace-Session") ?? this.#session;
    return response.status === 204 ? false : this.#read(response);
  }

  async #read(response: Response): Promise<boolean> {
    const reader = response.body?.getReader();
    const parts = new PartsReader();
    let news = false;
    for (;;) {
      const next = await reader?.read();
      if (this.#closed || next === undefined || next.done) break;
      this.#events.received(next.value.byteLength);
      for (const record of parts.receive(next.value)) {
        if (record.type === "end") {
          this.#next = record.next;
          this.#session = record.session;
        } else {
          news = true;
          this.#events.record(record);
        }
        if (this.#closed) return news;
      }
    }
    // An answer that was cut off is asked for again from where the one before ended.
    if (!this.#closed) parts.finish();
    return news;
  }

  #codeOf(error: unknown): string {
    const wrong = error instanceof ProtocolError && error.code !== "PARTS_TRUNCATED";
    if (wrong) return "MEDIA_ERROR";
    return this.#answered ? "CONNECTION_LOST" : "SERVER_UNREACHABLE";
  }

  async #rest(): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#options.scheduler.after(idleRestMs, resolve);
      this.#abort.signal.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });
  }

  #end(code: string, message: string): void {
    if (this.#closed) return;
    const answered = this.#answered;
    this.close();
    if (!answered) this.#events.answered(false);
    this.#events.ended(code, message);
  }
}
