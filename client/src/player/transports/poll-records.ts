import { ProtocolError } from "@millrace/media/error";
import { PartsReader } from "@millrace/media/parts";
import type { StreamAddress } from "../address.ts";
import { HttpTalk, type HttpTalkOptions } from "./http-talk.ts";
import { mediaRequest } from "./media-request.ts";
import type { RecordEvents, RecordSource } from "./record-source.ts";

/** How long the server may hold a request. Proxies give up after a minute. Seconds. */
export const holdSeconds = 20;
/** A request without an answer in this time is lost. Milliseconds. */
export const pollTimeoutMs = 30_000;
/** Between requests that bring nothing, so that no server's mistake makes a storm. Milliseconds. */
export const idleRestMs = 100;

export interface PollRecordsOptions extends HttpTalkOptions {
  readonly address: StreamAddress;
  /** `aac` where the browser cannot play the publisher's sound. */
  readonly sound: "native" | "aac";
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
  readonly #talk: HttpTalk;
  #next: string | undefined;
  #session: string | undefined;

  constructor(options: PollRecordsOptions, events: RecordEvents) {
    this.#options = options;
    this.#events = events;
    this.#talk = new HttpTalk(options, events);
  }

  close(): void {
    this.#talk.close();
  }

  /** Never rejects. */
  async run(): Promise<void> {
    // What is told begins in a later turn than the call that opened the source.
    await Promise.resolve();
    while (!this.#talk.isOver) {
      const cancel = this.#talk.limit(pollTimeoutMs);
      let news = true;
      try {
        news = await this.#poll();
      } catch (error) {
        const wrong = error instanceof ProtocolError && error.code !== "PARTS_TRUNCATED";
        if (wrong) this.#talk.end("MEDIA_ERROR", "");
        else this.#talk.breaks();
      } finally {
        cancel();
      }
      if (!news && !this.#talk.isOver) await this.#rest();
    }
  }

  /** Whether it brought anything. */
  async #poll(): Promise<boolean> {
    const { address, sound } = this.#options;
    const request = mediaRequest(address, ".poll", {
      media: "1",
      hold: String(holdSeconds),
      ...(sound === "aac" && { sound }),
      ...(this.#next !== undefined && { after: this.#next }),
      ...(this.#session !== undefined && { session: this.#session }),
    });
    const response = await this.#talk.ask(request);
    if (response === undefined) return false;
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
      if (this.#talk.isOver || next === undefined || next.done) break;
      this.#events.received(next.value.byteLength);
      for (const record of parts.receive(next.value)) {
        if (record.type === "end") {
          this.#next = record.next;
          this.#session = record.session;
        } else {
          news = true;
          this.#events.record(record);
        }
        if (this.#talk.isOver) return news;
      }
    }
    // An answer that was cut off is asked for again from where the one before ended.
    if (!this.#talk.isOver) parts.finish();
    return news;
  }

  async #rest(): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#options.scheduler.after(idleRestMs, resolve);
      this.#talk.signal.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });
  }
}
