import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { Server, type Socket } from "socket.io";
import { AddressRate, CookieGate, OriginPolicy, ProxyTrust } from "../gate/index.ts";
import { handshakeSchema, type ServerEvents, signalNamespace } from "../protocol/index.ts";
import type { JsepGateway } from "../session/index.ts";
import { CallRooms } from "./call-rooms.ts";
import { Connection, type ConnectionContext } from "./connection.ts";
import { engineOptions } from "./engine-options.ts";
import { defaultLimits, noLog, type SignalingOptions, systemClock } from "./options.ts";
import { SessionBook } from "./session-book.ts";
import { SocketCensus } from "./socket-census.ts";

/** The socket.io side of signaling, as `attachSignaling` made it. */
export interface Signaling {
  /** Connections now, also such that have not joined the namespace. */
  readonly sockets: number;
  /** Sessions that live, may still be resumed, or ended so lately that a client may still ask why. */
  readonly sessions: number;
  /** Places taken in rooms for direct calls, those that wait for their client included. */
  readonly calls: number;
  /**
   * Says `bye` with this reason (default `SERVER_CLOSING`) for every session, ends them and all
   * connections, and refuses new ones. The HTTP servers stay open: they belong to the caller.
   * May be called twice.
   */
  close(reason?: string): Promise<void>;
}

type Io = Server<Record<string, never>, ServerEvents>;
type IoSocket = Socket<Record<string, never>, ServerEvents>;

/** What is used of engine.io's connection, which lies under a socket.io socket. */
interface EngineSocket {
  readonly request: IncomingMessage;
  on(event: "packetCreate" | "drain", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
  close(discard: boolean): unknown;
}

/** How long a goodbye may take to reach the clients before their connections are cut. */
const goodbyeMs = 500;

/**
 * Serves signaling over socket.io on these HTTP servers, which are at least one. Their `request` listeners
 * that are there already no longer see socket.io's path; later ones do and must leave it alone. Upgrades of
 * other paths are left to whoever handles them.
 * @throws RangeError when `origins` or `trustProxy` are malformed.
 */
export function attachSignaling(
  servers: HttpServer | HttpsServer | readonly (HttpServer | HttpsServer)[],
  gateway: JsepGateway,
  options: SignalingOptions = {},
): Signaling {
  const limits = { ...defaultLimits, ...options.limits };
  const log = options.log ?? noLog;
  const trust = new ProxyTrust(options.trustProxy);
  const origins = new OriginPolicy(options.origins ?? [], trust);
  const cookies = new CookieGate(origins, trust);
  const census = new SocketCensus(limits.maxSockets, limits.maxSocketsPerAddress);
  const clock = options.clock ?? systemClock;
  const context: ConnectionContext = {
    gateway,
    book: new SessionBook(),
    rooms: new CallRooms(clock, limits),
    opens: new AddressRate(limits.opens),
    limits,
    clock,
    log,
  };
  const connections = new Set<Connection>();
  const joined = new WeakSet<object>();
  let closing: Promise<void> | undefined;

  const io: Io = attachEngine(
    [servers].flat(),
    engineOptions(options.path ?? "/socket.io/", limits, origins, (request) =>
      closing === undefined ? census.refusal(trust.clientAddress(request)) : "SERVER_CLOSING",
    ),
  );

  io.engine.on("connection", (engineSocket: EngineSocket) => {
    const address = trust.clientAddress(engineSocket.request);
    // The handshake is asynchronous: others may have been let in since this one was.
    const refusal = closing === undefined ? census.refusal(address) : "SERVER_CLOSING";
    const leave = census.enter(address);
    const unjoined = context.clock.after(limits.joinTimeoutMs, () => {
      if (!joined.has(engineSocket)) engineSocket.close(true);
    });
    engineSocket.once("close", () => {
      unjoined.cancel();
      leave();
    });
    limitUnsent(engineSocket, limits.maxUnsentPackets);
    if (refusal !== undefined) engineSocket.close(true);
  });

  io.use((_socket, next) => next(new Error("NAMESPACE_UNKNOWN")));
  const namespace = io.of(signalNamespace);
  namespace.use((socket, next) => {
    const valid = handshakeSchema.safeParse(socket.handshake.auth).success;
    next(valid ? undefined : new Error("HANDSHAKE_INVALID"));
  });
  namespace.on("connection", (socket) => {
    joined.add(socket.conn);
    const connection = new Connection(
      context,
      {
        address: trust.clientAddress(socket.request),
        userAgent: socket.request.headers["user-agent"],
        token: handshakeSchema.parse(socket.handshake.auth).token,
        pass: cookies.pass(socket.request),
        clientId: cookies.clientId(socket.request),
        host: socket.request.headers.host,
        pageUrl: socket.request.headers.referer ?? socket.request.headers.origin,
      },
      {
        push: (event, message) => void emit(socket, event, message),
        disconnect: () => void socket.disconnect(true),
      },
    );
    connections.add(connection);
    forwardMessages(socket, connection);
    socket.on("disconnect", (reason) => {
      connections.delete(connection);
      // Leaving the namespace is deliberate: nobody will come back for the sessions.
      connection.close(reason === "client namespace disconnect" ? "left" : "lost");
    });
  });

  return {
    get sockets() {
      return census.size;
    },
    get sessions() {
      return context.book.size;
    },
    get calls() {
      return context.rooms.size;
    },
    close(reason = "SERVER_CLOSING") {
      closing ??= (async () => {
        for (const connection of connections) connection.sayBye(reason);
        context.book.close(reason);
        context.rooms.close();
        namespace.disconnectSockets(true);
        await emptied(census, goodbyeMs);
        io.engine.close();
      })();
      return closing;
    },
  };
}

function attachEngine(
  servers: readonly (HttpServer | HttpsServer)[],
  options: ReturnType<typeof engineOptions>,
): Io {
  const io: Io = new Server(options);
  const [first, ...others] = servers;
  if (first === undefined) throw new RangeError("signaling needs an HTTP server");
  io.attach(first);
  // socket.io would make a second engine, of which it forgets the first; the engine itself takes several servers.
  for (const server of others) io.engine.attach(server, options);
  return io;
}

/** Messages need no listener each: the connection checks names and contents itself. */
function forwardMessages(socket: IoSocket, connection: Connection): void {
  socket.onAny((event: string, ...args: unknown[]) => {
    const last = args.at(-1);
    const acknowledge = typeof last === "function" ? (last as (reply: object) => void) : undefined;
    connection.receive(event, args[0], (reply) => acknowledge?.(reply));
  });
}

function emit(socket: IoSocket, event: keyof ServerEvents, message: unknown): void {
  // The pair of event and message was checked by the caller's types, which do not survive a union.
  (socket as Socket).emit(event, message);
}

/** Cuts a client off that does not read what it is sent. */
function limitUnsent(engineSocket: EngineSocket, maxPackets: number): void {
  let unsent = 0;
  engineSocket.on("packetCreate", () => {
    unsent += 1;
    if (unsent === maxPackets + 1) engineSocket.close(true);
  });
  engineSocket.on("drain", () => {
    unsent = 0;
  });
}

async function emptied(census: SocketCensus, timeoutMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    census.onEmpty(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
