import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Said {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

/** A back end on a port of loopback that answers as it is told to and keeps what it was sent. */
export class TestBackEnd {
  readonly received: Received[] = [];
  /** Undefined: it does not answer. */
  answer: (received: Received) => Said | undefined = () => ({});
  readonly #server: ReturnType<typeof createServer>;
  readonly #scheme: string;

  constructor(tls?: { readonly cert: string; readonly key: string }) {
    const listener: RequestListener = async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      const received = { path: request.url ?? "", headers: request.headers, body };
      this.received.push(received);
      const said = this.answer(received);
      if (said === undefined) return;
      response.writeHead(said.status ?? 200, said.headers).end(said.body ?? "");
    };
    this.#server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
    this.#scheme = tls === undefined ? "http" : "https";
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
