import type { Scheduler } from "../scheduler.ts";
import { failureOfResponse } from "./media-failure.ts";
import type { MediaRequest } from "./media-request.ts";

export interface HttpTalkOptions {
  readonly fetch: typeof fetch;
  readonly scheduler: Scheduler;
  /** Hears of each answer, for the clock. */
  readonly answered?: (response: Response, sentMs: number) => void;
}

/** What is told of a talk. Nothing after `ended`, nor after `close`. */
export interface HttpTalkEvents {
  /** The server answered, in whatever way; false: no connection could be made. Told once, before all else. */
  answered(yes: boolean): void;
  /** Nothing follows; `code` as in `TransportEvents.failed`. */
  ended(code: string, message: string): void;
}

/** Requests to one server, one after the other, until one of them is refused, lost or late. */
export class HttpTalk {
  readonly #options: HttpTalkOptions;
  readonly #events: HttpTalkEvents;
  readonly #abort = new AbortController();
  #answered = false;

  constructor(options: HttpTalkOptions, events: HttpTalkEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Aborted when the talk is over. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isOver(): boolean {
    return this.signal.aborted;
  }

  /** Ends it without a word. May be called twice. */
  close(): void {
    this.#abort.abort();
  }

  /** Gives what is asked from now on `ms` milliseconds; returns how to call that off. */
  limit(ms: number): () => void {
    return this.#options.scheduler.after(ms, () => this.end("TIMEOUT", ""));
  }

  /**
   * The answer when it is a good one. Undefined when the talk is over, which a refusal makes it. Rejects when the
   * connection fails.
   */
  async ask(request: MediaRequest): Promise<Response | undefined> {
    const { fetch, scheduler, answered } = this.#options;
    const sentMs = scheduler.nowMs();
    const { signal } = this;
    const response = await fetch(request.url, {
      headers: request.headers,
      cache: "no-store",
      signal,
    });
    if (this.isOver) return undefined;
    answered?.(response, sentMs);
    this.#answerIs(true);
    if (response.ok) return response;
    const { code, message } = await failureOfResponse(response);
    this.end(code, message);
    return undefined;
  }

  /** Ends it: the connection failed. */
  breaks(): void {
    this.end(this.#answered ? "CONNECTION_LOST" : "SERVER_UNREACHABLE", "");
  }

  /** Ends it for this reason. */
  end(code: string, message: string): void {
    if (this.isOver) return;
    this.close();
    this.#answerIs(false);
    this.#events.ended(code, message);
  }

  #answerIs(yes: boolean): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#events.answered(yes);
  }
}
