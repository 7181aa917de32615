import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock, RefusedError, Timer } from "../../core/index.ts";
import type { Wire } from "./block.ts";
import type { Carrier } from "./viewer.ts";

export interface HttpCarrierOptions {
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly wire: Wire;
  readonly clock: Clock;
  /** How long the client may take for what is left when the answer has ended. Milliseconds. */
  readonly endMs: number;
  /** The answer has begun. */
  onBegin(): void;
  /** There is no answer but an error. */
  onRefuse(error: RefusedError): void;
}

/** One answer to GET. Its head is written by Node, FLV goes straight to the socket. */
export class HttpCarrier implements Carrier {
  readonly socket: Socket;
  readonly wire: Wire;
  readonly #options: HttpCarrierOptions;
  #timer: Timer | undefined;

  constructor(options: HttpCarrierOptions) {
    this.#options = options;
    this.socket = options.socket;
    this.wire = options.wire;
  }

  begin(): void {
    const { response } = this.#options;
    writeHead(response, this.wire);
    response.flushHeaders();
    this.#options.onBegin();
  }

  refuse(error: RefusedError): void {
    this.#options.onRefuse(error);
  }

  end(): void {
    const { response, clock, endMs } = this.#options;
    response.once("close", () => this.#timer?.cancel());
    this.#timer = clock.after(endMs, () => this.abort());
    // With chunks this writes the last one, RFC 9112 section 7.1.
    response.end();
  }

  abort(): void {
    this.#timer?.cancel();
    this.socket.destroy();
  }
}

/** HTTP/1.0 knows no chunks: the answer ends with the connection. */
export function wireOf(request: IncomingMessage): Wire {
  const { httpVersionMajor: major, httpVersionMinor: minor } = request;
  return major > 1 || (major === 1 && minor >= 1) ? "chunked" : "raw";
}

/** Headers that make proxies pass FLV on as it comes. */
export function writeHead(response: ServerResponse, wire: Wire): void {
  response.writeHead(200, {
    "Content-Type": "video/x-flv",
    "Cache-Control": "no-cache, no-store, no-transform",
    "X-Accel-Buffering": "no",
    Connection: "close",
    ...(wire === "chunked" ? { "Transfer-Encoding": "chunked" } : {}),
  });
}

/**
 * The connection once the answers to earlier requests on it are out (RFC 9112 section 9.3.2); undefined when
 * it is closed before.
 */
export function socketOf(response: ServerResponse): Promise<Socket | undefined> {
  const { socket } = response;
  if (socket !== null) return Promise.resolve(socket);
  const connection = response.req.socket;
  if (connection.destroyed) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const gone = (): void => resolve(undefined);
    connection.once("close", gone);
    response.once("socket", (assigned: Socket) => {
      connection.off("close", gone);
      resolve(assigned);
    });
  });
}
