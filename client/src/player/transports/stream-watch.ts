import type { StreamStatus } from "@millrace/signaling/session";
import type { StreamAddress } from "../address.ts";
import type { FallbackEnvironment } from "./fallback-environment.ts";
import { mediaRequest } from "./media-request.ts";
import { ServerClock } from "./server-clock.ts";
import type { SignalingLink } from "./signaling-link.ts";
import { statusFrom } from "./stream-events.ts";

/** How long the signaling link may take before the stream is polled for. Milliseconds. */
export const linkGraceMs = 2500;
/** After an answer that was no news, or none. Milliseconds. */
export const pollRestMs = 2000;
/** How long the server holds a poll. Seconds. */
const holdSeconds = 20;
/** A poll without an answer is given up. Milliseconds. */
const pollTimeoutMs = 30_000;

export interface StreamWatchOptions {
  readonly address: StreamAddress;
  readonly environment: FallbackEnvironment;
  /** Whether to poll where there is no link; not for ways whose media brings the stream's events. */
  readonly polls: boolean;
  told(status: StreamStatus): void;
}

/**
 * What the stream is and what time the server has, for ways of media that do not say it: by the signaling link,
 * and while that is down by polling for events. Goes on trying until `close`.
 */
export class StreamWatch {
  readonly #options: StreamWatchOptions;
  readonly #clock = new ServerClock();
  #link: SignalingLink | undefined;
  #linkUp = false;
  #poll: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;
  #after: string | undefined;
  #closed = false;

  constructor(options: StreamWatchOptions) {
    this.#options = options;
  }

  /** Call once. */
  open(): void {
    this.#link = this.#options.environment.createLink({
      link: (up) => this.#linkIs(up),
      stream: (status) => this.#tell(status),
    });
    this.#link?.open();
    if (!this.#linkUp) this.#pollLater(linkGraceMs);
  }

  /** Takes the time of an answer of the server that was asked for at `sentMs`. */
  answered(response: Pick<Response, "headers">, sentMs: number): void {
    const nowMs = this.#options.environment.scheduler.nowMs();
    this.#clock.answered(response.headers.get("Date"), sentMs, nowMs);
  }

  /** The server's wall clock at the local monotonic time `atMs`; undefined while it is not known. */
  serverWallMs(atMs: number): number | undefined {
    return this.#link?.serverWallMs(atMs) ?? this.#clock.wallMs(atMs);
  }

  /** May be called twice; nothing is told afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopPolling();
    this.#link?.close();
  }

  #linkIs(up: boolean): void {
    this.#linkUp = up;
    if (up) this.#stopPolling();
    else this.#pollLater(linkGraceMs);
  }

  #tell(status: StreamStatus): void {
    if (!this.#closed) this.#options.told(status);
  }

  #stopPolling(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#poll?.abort();
    this.#poll = undefined;
  }

  #pollLater(delayMs: number): void {
    if (this.#closed || this.#linkUp || !this.#options.polls) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.environment.scheduler.after(delayMs, () => {
      void this.#pollOnce();
    });
  }

  /** Never rejects. */
  async #pollOnce(): Promise<void> {
    const poll = new AbortController();
    this.#poll = poll;
    const { scheduler } = this.#options.environment;
    const cancel = scheduler.after(pollTimeoutMs, () => poll.abort());
    let news = false;
    try {
      news = await this.#ask(poll.signal);
    } catch {
      // The next poll tells.
    }
    cancel();
    if (this.#poll !== poll) return;
    this.#poll = undefined;
    this.#pollLater(news ? 0 : pollRestMs);
  }

  /** Whether there was something new. */
  async #ask(signal: AbortSignal): Promise<boolean> {
    const { address, environment } = this.#options;
    const after = this.#after;
    const request = mediaRequest(address, ".poll", {
      hold: String(holdSeconds),
      ...(after !== undefined && { after }),
    });
    const sentMs = environment.scheduler.nowMs();
    const { headers } = request;
    const response = await environment.fetch(request.url, { headers, cache: "no-store", signal });
    this.answered(response, sentMs);
    if (response.status === 404) {
      this.#after = undefined;
      this.#tell({ name: address.stream, state: "offline", tracks: [], hints: [] });
      return false;
    }
    if (response.status === 204) return true;
    if (!response.ok) return false;
    const answer = (await response.json()) as { events?: unknown; next?: unknown };
    if (signal.aborted) return false;
    this.#after = typeof answer.next === "string" ? answer.next : undefined;
    for (const event of Array.isArray(answer.events) ? answer.events : []) {
      const { event: name, data } = event as { event?: unknown; data?: unknown };
      const status = statusFrom(name, data, address.stream);
      if (status !== undefined) this.#tell(status);
    }
    return true;
  }
}
