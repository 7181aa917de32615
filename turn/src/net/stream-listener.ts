import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { addressPrefix } from "./address-prefix.ts";
import type { PathReceiver } from "./client-path.ts";
import { StreamPath, type StreamPathLimits } from "./stream-path.ts";

const minVersion = "TLSv1.2";

export interface StreamLimits extends StreamPathLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

/** Connections of all listeners together. */
export class ConnectionCounts {
  now = 0;
  total = 0;
  refused = 0;
  readonly #sources = new Map<string, number>();

  /** False when one more is too many. */
  take(source: string, limits: StreamLimits): boolean {
    const ofSource = this.#sources.get(source) ?? 0;
    if (this.now >= limits.maxConnections || ofSource >= limits.maxConnectionsPerAddress) {
      this.refused++;
      return false;
    }
    this.now++;
    this.total++;
    this.#sources.set(source, ofSource + 1);
    return true;
  }

  release(source: string): void {
    this.now--;
    const ofSource = (this.#sources.get(source) ?? 1) - 1;
    if (ofSource === 0) this.#sources.delete(source);
    else this.#sources.set(source, ofSource);
  }
}

export interface StreamListenerOptions {
  readonly protocol: "tcp" | "tls";
  readonly host: string;
  readonly family: 4 | 6;
  readonly port: number;
  /** PEM text; for `tls`. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly limits: StreamLimits;
  readonly counts: ConnectionCounts;
  readonly receiver: PathReceiver;
  readonly nowMs: () => number;
  readonly error: (error: Error) => void;
}

/** A TCP port for clients, with TLS inside or not. */
export class StreamListener {
  readonly protocol: "tcp" | "tls";
  readonly host: string;
  readonly family: 4 | 6;
  readonly port: number;
  readonly #options: StreamListenerOptions;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  /** All sockets that are open, in handshake or not. */
  readonly #sockets = new Set<Socket>();
  readonly #paths = new Set<StreamPath>();
  #closed: Promise<void> | undefined;
  #ids = 0;

  private constructor(server: Server, options: StreamListenerOptions, tls: TlsServer | undefined) {
    const bound = server.address() as { address: string; port: number };
    this.protocol = options.protocol;
    this.host = bound.address;
    this.port = bound.port;
    this.family = options.family;
    this.#options = options;
    this.#server = server;
    this.#tls = tls;
    server.on("error", options.error);
    server.on("connection", (socket) => this.#accept(socket));
    tls?.on("secureConnection", (socket) => this.#serve(socket, socket));
    tls?.on("tlsClientError", (_error, socket) => socket.destroy());
  }

  /** Rejects with the system's error, or when certificate and key do not fit. */
  static async open(options: StreamListenerOptions): Promise<StreamListener> {
    const { host, port, family } = options;
    const tls = options.protocol === "tls" ? secureServer(options) : undefined;
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, ipv6Only: family === 6, exclusive: true }, resolve);
    });
    server.removeAllListeners("error");
    return new StreamListener(server, options, tls);
  }

  #accept(socket: Socket): void {
    const { counts, limits } = this.#options;
    const source = addressPrefix(socket.remoteAddress ?? "");
    if (socket.remoteAddress === undefined || !counts.take(source, limits)) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      counts.release(source);
    });
    if (this.#tls === undefined) this.#serve(socket, socket);
    // Handed over by hand, so that the limits count before the first byte of a handshake.
    else this.#tls.emit("connection", socket);
  }

  #serve(socket: Socket, tcp: Socket): void {
    const { remoteAddress, remotePort } = tcp;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    const { protocol, limits, receiver, nowMs } = this.#options;
    const path = new StreamPath(socket, {
      protocol,
      address: remoteAddress,
      port: remotePort,
      id: `${this.host} ${this.port} ${++this.#ids}`,
      limits,
      receiver,
      nowMs,
    });
    this.#paths.add(path);
    socket.on("close", () => this.#paths.delete(path));
  }

  /** Connections that are open go on with the one that they were shown. */
  replaceCertificate({ cert, key }: { readonly cert: string; readonly key: string }): void {
    this.#tls?.setSecureContext({ cert, key, minVersion });
  }

  /** Closes connections that have nothing to say. */
  sweep(nowMs: number): void {
    for (const path of this.#paths) path.sweep(nowMs);
  }

  /** Ends all connections; resolves when the port is free. May be called twice. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const path of this.#paths) path.close();
      for (const socket of this.#sockets) socket.destroy();
    });
    return this.#closed;
  }
}

function secureServer({ tls, limits }: StreamListenerOptions): TlsServer {
  if (tls === undefined) throw new Error("a TLS listener needs a certificate and its key");
  const { cert, key } = tls;
  return createTlsServer({
    cert,
    key,
    minVersion,
    handshakeTimeout: limits.handshakeMs,
  });
}
