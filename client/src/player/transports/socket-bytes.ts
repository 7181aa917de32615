import type { Scheduler } from "../scheduler.ts";
import type { ByteStream, ByteStreamEvents } from "./byte-stream.ts";
import { answerMs } from "./http-bytes.ts";
import { failureOf, isCode } from "./media-failure.ts";
import type { MediaRequest } from "./media-request.ts";

export interface SocketBytesOptions {
  readonly url: string;
  readonly createSocket: (url: string) => WebSocket;
  /** The same address without an upgrade: it tells why there is no WebSocket, which the browser does not. */
  readonly request: MediaRequest;
  readonly fetch: typeof fetch;
  readonly scheduler: Scheduler;
}

/** What a WebSocket brings in binary messages (RFC 6455). */
export function openSocketBytes(options: SocketBytesOptions, events: ByteStreamEvents): ByteStream {
  return new SocketBytes(options, events);
}

class SocketBytes implements ByteStream {
  readonly #options: SocketBytesOptions;
  readonly #events: ByteStreamEvents;
  readonly #abort = new AbortController();
  readonly #cancelTimer: () => void;
  #socket: WebSocket | undefined;
  #opened = false;
  #closed = false;

  constructor(options: SocketBytesOptions, events: ByteStreamEvents) {
    this.#options = options;
    this.#events = events;
    this.#cancelTimer = options.scheduler.after(answerMs, () => this.#end("TIMEOUT", ""));
    queueMicrotask(() => this.#open());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer();
    this.#abort.abort();
    this.#socket?.close();
  }

  #open(): void {
    if (this.#closed) return;
    let socket: WebSocket;
    try {
      socket = this.#options.createSocket(this.#options.url);
    } catch {
      // An insecure WebSocket on a secure page, or the page's policy.
      this.#end("SERVER_UNREACHABLE", "");
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    const { signal } = this.#abort;
    socket.addEventListener("open", () => this.#answered(), { signal });
    socket.addEventListener("message", (event) => this.#message(event.data), { signal });
    socket.addEventListener("close", (event) => void this.#gone(event.reason), { signal });
  }

  #answered(): void {
    this.#opened = true;
    this.#cancelTimer();
    this.#events.answered(true);
  }

  #message(data: unknown): void {
    if (data instanceof ArrayBuffer) this.#events.bytes(new Uint8Array(data));
  }

  /** The reason of a close frame is the server's code; without one the connection broke. */
  async #gone(reason: string): Promise<void> {
    if (this.#opened) {
      this.#end(isCode(reason) ? reason : "CONNECTION_LOST", "");
      return;
    }
    const code = await this.#whyNot();
    this.#end(code, "");
  }

  /** Never rejects. */
  async #whyNot(): Promise<string> {
    const { request, fetch } = this.#options;
    try {
      const { signal } = this.#abort;
      const { headers } = request;
      const response = await fetch(request.url, { method: "HEAD", headers, signal });
      return response.ok ? "SERVER_UNREACHABLE" : failureOf(response.status, "").code;
    } catch {
      return "SERVER_UNREACHABLE";
    }
  }

  #end(code: string, message: string): void {
    if (this.#closed) return;
    const opened = this.#opened;
    this.close();
    // Without a WebSocket this way is closed, but a refusal is an answer.
    if (!opened) this.#events.answered(code !== "SERVER_UNREACHABLE" && code !== "TIMEOUT");
    this.#events.ended(code, message);
  }
}
