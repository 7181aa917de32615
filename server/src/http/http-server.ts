import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock, Log } from "../core/ports.ts";
import type { TlsGuard, TlsSource } from "./tls-source.ts";

export interface HttpLimits {
  /** Connections at once; further ones are closed at once. */
  readonly maxConnections: number;
  /** Request line and headers; larger ones are answered 431. */
  readonly maxHeaderBytes: number;
  /** Header lines of a request; those beyond are ignored. */
  readonly maxHeaders: number;
  /** Time for the header of a request; slower clients are answered 408. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request; slower clients are answered 408. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  maxConnections: 10_000,
  maxHeaderBytes: 16_384,
  maxHeaders: 100,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveMs: 65_000,
};

/** How often slow clients are looked for. */
const checkIntervalMs = 1000;

export interface HttpServerOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly listener: RequestListener;
  /** Whether somebody else on `server` answers this request to upgrade; others are refused. Default: nobody does. */
  readonly takesUpgrade?: (request: IncomingMessage) => boolean;
  /** Whether somebody answers this request's `Expect: 100-continue` itself. Default: nobody does, and all are answered at once. */
  readonly takesContinue?: (request: IncomingMessage) => boolean;
  /** Whether the request under way on this connection may take longer than `requestTimeoutMs`. Default: none may. */
  readonly takesItsTime?: (socket: Duplex) => boolean;
  readonly limits?: Partial<HttpLimits>;
  /** Certificates of an HTTPS server. Default: it speaks HTTP. */
  readonly tls?: TlsSource | undefined;
}

/** Where somebody else's HTTP server hands over what is the gateway's. */
export interface HttpDoor {
  request(request: IncomingMessage, response: ServerResponse): void;
  /** Refuses what `takesUpgrade` does not take. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  takesUpgrade(request: IncomingMessage): boolean;
  /** Whether the request under way on this connection may take for ever. */
  takesItsTime(socket: Duplex): boolean;
}

/** A server for HTTP/1.1, over TLS or not: limits, and an end that lets requests under way finish. */
export class HttpServer {
  /** For what speaks more than HTTP on the same port (socket.io). */
  readonly server: Server;
  readonly #clock: Clock;
  readonly #options: HttpServerOptions;
  readonly #sockets = new Set<Duplex>();
  /** Connections that somebody is served on: a request is being answered, or it was upgraded. */
  readonly #busy = new Set<Duplex>();
  readonly #tls: TlsGuard | undefined;
  #mounted = false;
  #draining = false;
  #closed: Promise<void> | undefined;

  constructor(options: HttpServerOptions) {
    const limits = { ...defaultHttpLimits, ...options.limits };
    this.#clock = options.clock;
    this.#options = options;
    const settings = {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: Math.max(limits.requestTimeoutMs, limits.headersTimeoutMs),
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(checkIntervalMs, limits.headersTimeoutMs),
      requireHostHeader: true,
      noDelay: true,
    };
    if (options.tls === undefined) this.server = createServer(settings, options.listener);
    else {
      // WebSockets need HTTP/1.1 here, which is what clients are told (RFC 7301).
      const offered = { ...settings, ...options.tls.options(), ALPNProtocols: ["http/1.1"] };
      const server = createSecureServer(offered, options.listener);
      this.#tls = options.tls.guard(server);
      this.server = server;
    }
    const isSecure = options.tls !== undefined;
    this.server.maxConnections = limits.maxConnections;
    this.server.maxHeadersCount = limits.maxHeaders;
    this.server.on(isSecure ? "secureConnection" : "connection", (socket: Socket) => {
      // It shook hands while the end began.
      if (isSecure && this.#draining) socket.destroy();
      this.#know(socket);
    });
    this.server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
      if (options.takesUpgrade?.(request) !== true) return refuseUpgrade(socket);
      this.#know(socket);
      this.#busy.add(socket);
    });
    this.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      if (options.takesContinue?.(request) !== true) response.writeContinue();
      this.server.emit("request", request, response);
    });
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
      // What TLS could not make a connection of has no HTTP in it, and whoever looks after handshakes knows of it.
      if (isSecure && !this.#sockets.has(socket)) {
        socket.destroy();
        return;
      }
      const patient = error.code === "ERR_HTTP_REQUEST_TIMEOUT" && options.takesItsTime?.(socket);
      if (patient !== true) refuseBroken(socket, error.code ?? "");
    });
    this.server.on("drop", () => {
      options.log.debug({ code: "HTTP_CONNECTIONS_FULL" }, "an HTTP connection was refused");
    });
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#sockets.size + (this.#tls?.handshakes ?? 0);
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Starts to listen; port 0 lets the system choose. Rejects when the port is taken. */
  async listen(
    port: number,
    host: string,
  ): Promise<{ readonly address: string; readonly port: number }> {
    this.#watchRequests();
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen({ port, host }, () => {
        this.server.off("error", reject);
        resolve();
      });
    });
    const { address, port: bound } = this.server.address() as AddressInfo;
    return { address, port: bound };
  }

  /**
   * Instead of `listen`: opens no port and serves what is handed over. Connections count while they are in use here;
   * the limits of connections, headers and times are those of whoever has them.
   */
  mount(): HttpDoor {
    this.#mounted = true;
    this.#watchRequests();
    const { takesUpgrade, takesItsTime } = this.#options;
    return {
      request: (request, response) => void this.server.emit("request", request, response),
      upgrade: (request, socket, head) => void this.server.emit("upgrade", request, socket, head),
      takesUpgrade: (request) => takesUpgrade?.(request) ?? false,
      takesItsTime: (socket) => takesItsTime?.(socket) ?? false,
    };
  }

  /** Takes no more connections; those that are open end with their current request, idle ones at once. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    if (this.server.listening) this.server.close();
    this.#tls?.close();
    for (const socket of this.#sockets) if (!this.#busy.has(socket)) socket.destroy();
  }

  /** Drains, waits at most `graceMs` for requests under way and upgraded connections, then cuts what is left. May be called twice. */
  close(graceMs = 0): Promise<void> {
    this.drain();
    this.#closed ??= this.#empty(graceMs);
    return this.#closed;
  }

  async #empty(graceMs: number): Promise<void> {
    const left = [...this.#sockets];
    const timer = this.#clock.after(graceMs, () => {
      for (const socket of left) socket.destroy();
    });
    await Promise.all(
      left.map((socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()))),
    );
    timer.cancel();
  }

  /** Only at the start, for socket.io takes all listeners that were there before it and asks them for other paths only. */
  #watchRequests(): void {
    this.server.prependListener("request", (request, response) => this.#serve(request, response));
  }

  #know(socket: Duplex): void {
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.once("close", () => this.#forget(socket));
  }

  #forget(socket: Duplex): void {
    this.#sockets.delete(socket);
    this.#busy.delete(socket);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (this.#draining) response.setHeader("Connection", "close");
    this.#know(socket);
    this.#busy.add(socket);
    response.once("close", () => {
      if (this.#mounted) this.#forget(socket);
      else this.#busy.delete(socket);
      // Keep-alive may have been promised before the end began.
      if (this.#draining) socket.end();
    });
  }
}

/** What Node does without a listener: an answer where none has begun. */
export function refuseBroken(socket: Duplex, code: string): void {
  const begun = (socket as Duplex & { _httpMessage?: ServerResponse })._httpMessage?.headersSent;
  if (!socket.writable || begun === true) {
    socket.destroy();
    return;
  }
  const status = brokenStatus[code] ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const brokenStatus: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
};

function refuseUpgrade(socket: Duplex): void {
  socket.on("error", () => {});
  socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}
