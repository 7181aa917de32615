import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { RefusedError } from "../core/errors.ts";
import { FakeClock } from "../core/fake-clock.ts";
import type { AccessRequest, Clock, Log } from "../core/ports.ts";
import { Registry } from "../core/registry.ts";
import { createFlvPost, type FlvPost, type FlvPostLimits, type FlvTcpLimits } from "./index.ts";
import { FlvTcpServer } from "./tcp-server.ts";

/** Codes of all lines above debug. */
export class CodeLog implements Log {
  readonly codes: string[] = [];
  readonly texts: string[] = [];
  readonly error: Log["error"] = (fields, message) => this.#keep(fields, message);
  readonly warn: Log["warn"] = (fields, message) => this.#keep(fields, message);
  readonly info: Log["info"] = (fields, message) => this.#keep(fields, message);

  debug(): void {}

  child(): Log {
    return this;
  }

  #keep(fields: object, message: string): void {
    this.texts.push(`${message} ${JSON.stringify(fields)}`);
    const { code } = fields as { code?: string };
    if (code !== undefined) this.codes.push(code);
  }
}

/** What all rigs share: the core, and an access seam that refuses the token `wrong`. */
export interface RigCore {
  readonly clock: FakeClock;
  readonly registry: Registry;
  readonly log: CodeLog;
  readonly asked: AccessRequest[];
  /** Set to make the access seam wait for it. */
  gate: Promise<void> | undefined;
  /** Set to make the access seam refuse everybody with 403. */
  closed: boolean;
}

/** `registryClock`: what the streams are timed with; by default the rig's fake clock. */
export function createCore(registryClock?: Clock): RigCore & { authorize: AccessCall } {
  const clock = new FakeClock();
  const log = new CodeLog();
  const core = {
    clock,
    log,
    registry: new Registry({ clock: registryClock ?? clock, log }),
    asked: [] as AccessRequest[],
    gate: undefined as Promise<void> | undefined,
    closed: false,
    async authorize(request: AccessRequest): Promise<undefined> {
      core.asked.push(request);
      await core.gate;
      if (core.closed) throw new RefusedError("FORBIDDEN", 403, "Nobody may publish.");
      if (request.token === "wrong") throw new RefusedError("UNAUTHORIZED", 401, "Wrong token.");
    },
  };
  return core;
}

type AccessCall = (request: AccessRequest) => Promise<undefined>;

/** An FLV listener on a free loopback port. */
export interface TcpRig extends RigCore {
  readonly server: FlvTcpServer;
  readonly port: number;
  /** A connected encoder. */
  connect(): Promise<Socket>;
  close(): Promise<void>;
}

export async function createTcpRig(
  limits: Partial<FlvTcpLimits> = {},
  registryClock?: Clock,
): Promise<TcpRig> {
  const core = createCore(registryClock);
  const { registry, clock, log } = core;
  const server = new FlvTcpServer({ registry, access: core, clock, log, limits });
  const { port } = await server.listen(0, "127.0.0.1");
  const sockets = new Set<Socket>();
  return Object.assign(core, {
    server,
    port,
    async connect() {
      const socket = connect(port, "127.0.0.1");
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
      socket.resume();
      await new Promise((resolve) => socket.once("connect", resolve));
      return socket;
    },
    async close() {
      await server.close();
      registry.close("SERVER_CLOSING");
      for (const socket of sockets) socket.destroy();
    },
  });
}

/** An HTTP server for FLV posts on a free loopback port. */
export interface PostRig extends RigCore {
  readonly post: FlvPost;
  readonly http: Server;
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** What the HTTP server around the handler is like. */
export interface PostWiring {
  /** Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Whether the server makes an exception of bodies that the handler receives. Default true. */
  readonly patient?: boolean;
  /** Default all. */
  readonly origins?: readonly string[];
}

/** Wires the handler as an HTTP server with a time limit for requests has to. */
export async function createPostRig(
  limits: Partial<FlvPostLimits> = {},
  wiring: PostWiring = {},
): Promise<PostRig> {
  const { requestTimeoutMs = 30_000, patient = true, origins = "*" } = wiring;
  const core = createCore();
  const { registry, clock, log } = core;
  const trust = new ProxyTrust();
  const post = createFlvPost({
    ...{ registry, clock, log, trust, limits },
    access: core,
    origins: new OriginPolicy(origins, trust),
  });
  const http = createServer({
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(requestTimeoutMs, 10_000),
    connectionsCheckingInterval: 20,
  });
  http.on("request", (request, response) => {
    void post.handle(request, response).then((handled) => {
      if (!handled) response.writeHead(404).end("not ours");
    });
  });
  http.on("checkContinue", (request, response) => {
    if (!post.takesContinue(request)) response.writeContinue();
    http.emit("request", request, response);
  });
  http.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const late = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    if (late && patient && post.isReceiving(socket)) return;
    socket.destroy();
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  return Object.assign(core, {
    post,
    http,
    port,
    url: `http://127.0.0.1:${port}`,
    async close() {
      post.close();
      registry.close("SERVER_CLOSING");
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  });
}
