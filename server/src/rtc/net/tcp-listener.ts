import { createServer, type Server, type Socket } from "node:net";
import type { RtcCounters } from "./counters.ts";
import type { DatagramReceiver, DatagramSocket } from "./datagram-socket.ts";
import { TcpConnection } from "./tcp-connection.ts";
import type { TcpLimits } from "./tcp-limits.ts";

/** Connections that the kernel keeps until they are accepted. */
const BACKLOG = 256;

export interface TcpListenerOptions {
  readonly family: 4 | 6;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly counters: RtcCounters;
  readonly limits: TcpLimits;
  readonly receive: DatagramReceiver;
  /** A connection is gone, and its path with it. */
  readonly disconnected: (connection: DatagramSocket) => void;
  /** Told errors of the listening socket, which stays open. */
  readonly error: (error: Error) => void;
}

/** Who is connected, over both families: the limits hold for both together. */
export class TcpConnections {
  readonly #limits: TcpLimits;
  readonly #counters: RtcCounters;
  readonly #open = new Set<TcpConnection>();
  readonly #byAddress = new Map<string, number>();
  /** In the order of their arrival, with the timer that ends each. */
  readonly #anonymous = new Map<TcpConnection, NodeJS.Timeout>();

  constructor(limits: TcpLimits, counters: RtcCounters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  /** Entries kept now, for tests of what closing leaves behind. */
  get size(): number {
    return this.#open.size + this.#byAddress.size + this.#anonymous.size;
  }

  /** Whether another connection of that address may come. */
  admits(address: string): boolean {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    return (
      this.#open.size < maxConnections &&
      (this.#byAddress.get(address) ?? 0) < maxConnectionsPerAddress
    );
  }

  add(connection: TcpConnection): void {
    this.#open.add(connection);
    this.#byAddress.set(connection.address, (this.#byAddress.get(connection.address) ?? 0) + 1);
    this.#counters.tcpConnections++;
    const [oldest] = this.#anonymous.keys();
    if (oldest !== undefined && this.#anonymous.size >= this.#limits.maxUnauthenticated) {
      this.#expire(oldest);
    }
    const timer = setTimeout(() => this.#expire(connection), this.#limits.unauthenticatedMs);
    this.#anonymous.set(connection, timer);
  }

  authenticated(connection: TcpConnection): void {
    clearTimeout(this.#anonymous.get(connection));
    this.#anonymous.delete(connection);
  }

  remove(connection: TcpConnection): void {
    if (!this.#open.delete(connection)) return;
    this.authenticated(connection);
    this.#counters.tcpConnections--;
    const left = (this.#byAddress.get(connection.address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(connection.address);
    else this.#byAddress.set(connection.address, left);
  }

  closeAll(): void {
    for (const connection of [...this.#open]) connection.close();
  }

  #expire(connection: TcpConnection): void {
    this.#counters.tcpUnauthenticated++;
    connection.close();
  }
}

/** Accepts TCP connections that carry datagrams. RFC 6544 section 7.2. */
export class TcpListener {
  readonly port: number;
  readonly #server: Server;
  #closed = false;

  private constructor(server: Server, options: TcpListenerOptions, connections: TcpConnections) {
    this.#server = server;
    const bound = server.address();
    this.port = typeof bound === "object" && bound !== null ? bound.port : 0;
    server.on("error", options.error);
    server.on("connection", (socket) => accept(socket, options, connections));
  }

  /** Opens and listens. Rejects with the system's error (`EADDRINUSE`, `EAFNOSUPPORT` …). */
  static open(options: TcpListenerOptions, connections: TcpConnections): Promise<TcpListener> {
    const { family, host, port } = options;
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true });
      server.once("error", reject);
      server.listen({ port, host, ipv6Only: family === 6, backlog: BACKLOG }, () => {
        server.removeAllListeners("error");
        resolve(new TcpListener(server, options, connections));
      });
    });
  }

  /** Takes no more connections; those that are open are the caller's to close. May be called twice. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

function accept(socket: Socket, options: TcpListenerOptions, connections: TcpConnections): void {
  const { counters, disconnected, family, limits, receive } = options;
  const address = socket.remoteAddress;
  // Gone before it was accepted.
  if (address === undefined) {
    socket.destroy();
    return;
  }
  if (!connections.admits(address)) {
    counters.tcpRefused++;
    socket.on("error", () => {});
    socket.destroy();
    return;
  }
  counters.tcpAccepted++;
  const connection = new TcpConnection(socket, {
    family,
    counters,
    limits,
    receive,
    authenticated: (known) => connections.authenticated(known),
    closed: (gone) => {
      connections.remove(gone);
      disconnected(gone);
    },
  });
  connections.add(connection);
}
