import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { type MediaRecord, PartsReader } from "@millrace/media/parts";
import { type SseEvent, SseReader } from "@millrace/media/text";

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface PolledEvents {
  readonly events: readonly {
    readonly id: string;
    readonly event: string;
    readonly data: object;
  }[];
  readonly next: string;
}

export const keepAlive: Agent = new Agent({ keepAlive: true });

/** One request and its whole answer. Rejects when the server cuts the connection. */
export function ask(
  port: number,
  path: string,
  options: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly agent?: Agent;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, path, host: "127.0.0.1", agent: false, ...options }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.once("error", reject);
      answer.once("end", () => {
        const { statusCode = 0, headers } = answer;
        resolve({ status: statusCode, headers, body: Buffer.concat(pieces) });
      });
    });
    asked.once("error", reject);
    asked.end();
  });
}

export function eventsOf(answer: Answered): PolledEvents {
  return JSON.parse(answer.body.toString()) as PolledEvents;
}

export function recordsOf(answer: Answered): readonly MediaRecord[] {
  const reader = new PartsReader();
  const records = reader.receive(answer.body);
  reader.finish();
  return records;
}

/** Bytes as they come, on a socket that a test can stop reading from. */
export class RawClient {
  readonly socket: Socket;
  #received: Buffer[] = [];
  #closed = false;
  #check: () => void = () => {};

  constructor(port: number, head: string) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.write(head);
    this.socket.on("data", (bytes) => {
      this.#received.push(bytes);
      this.#check();
    });
    this.socket.on("error", () => {});
    this.socket.once("close", () => {
      this.#closed = true;
      this.#check();
    });
  }

  get text(): string {
    return this.bytes.toString("latin1");
  }

  get bytes(): Buffer {
    this.#received = [Buffer.concat(this.#received)];
    return this.#received[0] ?? Buffer.alloc(0);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Waits until what was received fits. Rejects when the connection ends before. */
  until(fits: (text: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#check = () => {
        if (fits(this.text)) resolve(this.text);
        else if (this.#closed) reject(new Error(`closed after ${this.text}`));
      };
      this.#check();
    });
  }

  /** Waits for the end of the connection. */
  end(): Promise<string> {
    return new Promise((resolve) => {
      this.#check = () => {
        if (this.#closed) resolve(this.text);
      };
      this.#check();
    });
  }
}

/** What a browser's EventSource does, one connection long. */
export class SseClient {
  readonly events: SseEvent[] = [];
  readonly reader: SseReader = new SseReader();
  status = 0;
  headers: IncomingHttpHeaders = {};
  closed = false;
  /** Paused, it reads nothing more from its connection. */
  answer: IncomingMessage | undefined;
  #check: () => void = () => {};
  readonly #request: ReturnType<typeof request>;

  constructor(port: number, path: string, headers: Record<string, string> = {}) {
    this.#request = request({ port, path, host: "127.0.0.1", agent: false, headers }, (answer) => {
      this.answer = answer;
      this.status = answer.statusCode ?? 0;
      this.headers = answer.headers;
      answer.on("data", (bytes: Buffer) => {
        this.events.push(...this.reader.receive(bytes));
        this.#check();
      });
      answer.on("error", () => {});
      answer.once("close", () => {
        this.closed = true;
        this.#check();
      });
    });
    this.#request.on("error", () => {});
    this.#request.end();
  }

  /** The names of the events so far. */
  get names(): string[] {
    return this.events.map(({ event }) => event);
  }

  until(fits: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#check = () => {
        if (fits()) resolve();
        else if (this.closed) reject(new Error(`closed after ${this.names.join()}`));
      };
      this.#check();
    });
  }

  /** Waits for this many events. */
  count(events: number): Promise<void> {
    return this.until(() => this.events.length >= events);
  }

  ended(): Promise<void> {
    return this.until(() => this.closed);
  }

  close(): void {
    this.#request.destroy();
  }
}
