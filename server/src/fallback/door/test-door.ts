import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import type { Frame, TrackInfo } from "@millrace/media/frame";
import { type AllowedOrigins, OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import {
  type Access,
  type Clock,
  type CoreLimits,
  type Log,
  type Publisher,
  Registry,
  silentLog,
  systemClock,
  type Transcoder,
} from "../../core/index.ts";
import type { FallbackOutput } from "../output.ts";
import { createFallback, type Fallback } from "./fallback.ts";
import type { DoorLimits } from "./options.ts";

export interface TestDoorOptions {
  readonly outputs: readonly FallbackOutput[];
  readonly access?: Access;
  readonly origins?: AllowedOrigins;
  readonly trustProxy?: readonly string[];
  readonly basePath?: string;
  readonly limits?: Partial<DoorLimits>;
  readonly core?: Partial<CoreLimits>;
  readonly transcoder?: Transcoder;
  readonly log?: Log;
  readonly clock?: Clock;
  /** PEM of an HTTPS server. Default: it speaks HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** The door on an HTTP server on a free port of loopback; what it leaves alone is answered 599. */
export class TestDoor {
  readonly registry: Registry;
  readonly fallback: Fallback;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #basePath: string;
  readonly #isSecure: boolean;

  constructor(options: TestDoorOptions) {
    const log = options.log ?? silentLog;
    const shared = { clock: options.clock ?? systemClock, log };
    this.#basePath = options.basePath ?? "";
    this.registry = new Registry({
      ...shared,
      limits: options.core ?? {},
      ...(options.transcoder === undefined ? {} : { transcoder: options.transcoder }),
    });
    const trust = new ProxyTrust(options.trustProxy ?? []);
    this.fallback = createFallback({
      ...shared,
      registry: this.registry,
      access: options.access ?? { authorize: async () => {} },
      trust,
      origins: new OriginPolicy(options.origins ?? "*", trust),
      basePath: this.#basePath,
      outputs: options.outputs,
      limits: options.limits ?? {},
    });
    const listener: RequestListener = (request, response) => {
      request.url = (request.url ?? "").slice(this.#basePath.length);
      this.fallback
        .handle(request, response)
        .then((answered) => answered || response.writeHead(599).end())
        .catch((error: unknown) => response.destroy(error as Error));
    };
    const { tls } = options;
    this.#isSecure = tls !== undefined;
    this.#server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
    this.#server.on("upgrade", (request, socket, head) => {
      if (this.fallback.takesUpgrade(request)) this.fallback.upgrade(request, socket, head);
      else socket.destroy();
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Connections that the server has. */
  get connections(): number {
    return this.#sockets.size;
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  /** Not over TLS. */
  get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
    const url = `http://127.0.0.1:${this.port}${this.#basePath}${path}`;
    return fetch(url, { headers, method, redirect: "manual" });
  }

  /** A connection on which these bytes were sent. */
  async raw(bytes: string): Promise<Socket> {
    const at = { port: this.port, host: "127.0.0.1" };
    const socket = this.#isSecure
      ? connectSecurely({ ...at, rejectUnauthorized: false })
      : connect(at);
    await once(socket, this.#isSecure ? "secureConnect" : "connect");
    socket.on("error", () => {});
    socket.write(bytes);
    return socket;
  }

  /** Publishes a stream with these tracks. */
  publish(stream: string, ...infos: readonly TrackInfo[]): Publisher {
    const publisher = this.registry.publish({
      stream,
      transport: "rtmp",
      address: "192.0.2.1",
      onKick() {},
    });
    for (const info of infos) publisher.setTrack(info);
    return publisher;
  }

  async close(): Promise<void> {
    this.fallback.close();
    this.registry.close("SERVER_CLOSING");
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Gives a publisher frames of one track, in order. */
export function feed(
  publisher: Publisher,
  kind: "video" | "audio",
  frames: readonly Frame[],
): void {
  for (const frame of frames) publisher.frame(kind, frame);
}

/** Collects what a connection is sent. */
export class Received {
  ended = false;
  #parts: Buffer[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    const notify = (): void => {
      for (const check of [...this.#waiting]) check();
    };
    socket.on("data", (part: Buffer) => {
      this.#parts.push(part);
      notify();
    });
    const end = (): void => {
      this.ended = true;
      notify();
    };
    socket.once("end", end);
    socket.once("close", end);
  }

  get bytes(): Buffer {
    if (this.#parts.length !== 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  /** The newest of those bytes, as they came. */
  get lastPart(): Buffer {
    return this.#parts.at(-1) ?? Buffer.alloc(0);
  }

  get text(): string {
    return this.bytes.toString("latin1");
  }

  /** Waits until `done` holds. */
  until(done: (received: Received) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!done(this)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Waits until the server has closed its side. */
  untilEnd(): Promise<void> {
    return this.until(({ ended }) => ended);
  }
}
