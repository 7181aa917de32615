import {
  type Server as HttpServer,
  type IncomingMessage,
  type RequestListener,
  ServerResponse,
} from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Log } from "../core/index.ts";
import { type HttpDoor, refuseBroken } from "../http/index.ts";
import { withUnreadBody } from "./read-body.ts";

/** What middleware is, in Express and Connect. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** An Express app or router, or anything else that takes middleware. */
export interface MiddlewareApp {
  use(middleware: Middleware): unknown;
}

export type WebServer = HttpServer | HttpsServer;

type AnyListener = (...args: never[]) => void;

/**
 * The gateway's place in somebody else's app or server: requests and upgrades below `path` are the gateway's, all
 * others stay whose they are.
 */
export class Mounting {
  readonly #path: string;
  readonly #log: Log;
  readonly #detach = new Map<WebServer, () => void>();
  #door: HttpDoor | undefined;
  #closed = false;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** Serves requests of an app from now on. Its servers are known by `attach`, or by the first request of each. */
  use(app: MiddlewareApp): void {
    app.use((request, response, next) => {
      const { originalUrl } = request as { readonly originalUrl?: string };
      const url = originalUrl ?? request.url ?? "";
      if (!this.#isOurs(url)) return next();
      const { server } = request.socket as Socket & { readonly server?: WebServer };
      if (server !== undefined && !this.#closed) this.attach(server);
      // Routers on the way take their own paths off.
      Object.assign(request, { url, baseUrl: "" });
      this.#serve(request, response);
    });
  }

  /** Serves requests and upgrades of a server. Listeners for requests that are there already get the others. */
  take(server: WebServer): void {
    const others = server.listeners("request") as RequestListener[];
    server.removeAllListeners("request");
    const listener: RequestListener = (request, response) => {
      if (this.#isOurs(request.url ?? "") && !this.#closed) this.#serve(request, response);
      else if (others.length === 0) response.writeHead(404).end();
      else for (const other of others) other.call(server, request, response);
    };
    server.on("request", listener);
    this.attach(server);
  }

  /** Serves upgrades of a server: WebSockets. */
  attach(server: WebServer): void {
    if (this.#detach.has(server)) return;
    const listeners: Readonly<Record<string, AnyListener>> = {
      upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) =>
        this.#upgrade(server, request, socket, head),
      clientError: (error: NodeJS.ErrnoException, socket: Duplex) =>
        this.#clientError(server, error, socket),
    };
    const all = Object.entries(listeners) as [string, (...args: unknown[]) => void][];
    for (const [event, listener] of all) server.on(event, listener);
    this.#detach.set(server, () => {
      for (const [event, listener] of all) server.off(event, listener);
    });
  }

  /** The gateway is there. */
  open(door: HttpDoor | undefined): void {
    this.#door = door;
  }

  /** The gateway is gone: its addresses answer 503. May be called twice. */
  close(): void {
    this.#closed = true;
    this.#door = undefined;
    for (const detach of this.#detach.values()) detach();
    this.#detach.clear();
  }

  #isOurs(url: string): boolean {
    if (!url.startsWith(this.#path)) return false;
    return /^([/?]|$)/.test(url.slice(this.#path.length));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const unread = withUnreadBody(request);
    if (this.#door === undefined) refuse(response, 503, this.#absence());
    else if (unread === undefined) {
      const detail = "A body parser before the gateway has read the body and kept nothing of it.";
      this.#log.error({ code: "BODY_TAKEN", type: request.headers["content-type"] }, detail);
      refuse(response, 500, { code: "BODY_TAKEN", detail });
    } else this.#door.request(unread, response);
  }

  #upgrade(server: WebServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const door = this.#door;
    const isOurs = this.#isOurs(request.url ?? "");
    const onlyWe = server.listenerCount("upgrade") === 1;
    if (isOurs && door === undefined) {
      socket.on("error", () => {});
      socket.end(
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
      );
    } else if (isOurs && (this.#path !== "" || door?.takesUpgrade(request) === true)) {
      door?.upgrade(request, socket, head);
    } else if (onlyWe) answerWithoutUpgrade(server, request, socket);
  }

  /** Publishers by HTTP send one request for hours; all else is as Node does it without a listener. */
  #clientError(server: WebServer, error: NodeJS.ErrnoException, socket: Duplex): void {
    const late = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    if (late && this.#door?.takesItsTime(socket) === true) return;
    if (server.listenerCount("clientError") === 1) refuseBroken(socket, error.code ?? "");
  }

  #absence(): { readonly code: string; readonly detail: string } {
    return this.#closed
      ? { code: "SERVER_CLOSING", detail: "The gateway is closed." }
      : { code: "SERVER_STARTING", detail: "The gateway is not started yet." };
  }
}

function refuse(
  response: ServerResponse,
  status: number,
  problem: { readonly code: string; readonly detail: string },
): void {
  response.writeHead(status, {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    ...(status === 503 && { "Retry-After": "2" }),
  });
  response.end(`${JSON.stringify({ type: "about:blank", status, ...problem })}\n`);
}

/** What Node does where nobody listens for upgrades: the request is answered as one without (RFC 9110 section 7.8). */
function answerWithoutUpgrade(server: WebServer, request: IncomingMessage, socket: Duplex): void {
  socket.on("error", () => {});
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once("finish", () => socket.end());
  server.emit("request", request, response);
}
