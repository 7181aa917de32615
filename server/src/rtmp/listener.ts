import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createSecureServer } from "node:tls";
import type { Access, Clock, Log, Timer } from "../core/ports.ts";
import type { Registry } from "../core/registry.ts";
import { type ConnectionHost, plainAddress, RtmpConnection } from "./connection.ts";
import { ConnectionTable } from "./connection-table.ts";
import { defaultServerLimits, type RtmpServerLimits } from "./limits.ts";
import { TagBodies } from "./tag-bodies.ts";
import type { TlsGuard, TlsSource } from "./tls-source.ts";

export interface RtmpServerOptions {
  readonly registry: Registry;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<RtmpServerLimits>;
  /** Certificates for `listenSecure`. */
  readonly tls?: TlsSource | undefined;
}

/** Figures of an RTMP server. */
export interface RtmpServerStats {
  readonly connections: number;
  readonly publishing: number;
  readonly playing: number;
  /** Memory held for input and output of all connections, in bytes. */
  readonly heldBytes: number;
  /** Closed connections by code, since the start. */
  readonly closed: ReadonlyMap<string, number>;
}

const checkIntervalMs = 1_000;
const keepAliveMs = 30_000;
const maxClosedCodes = 256;

const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs };

/** Listens for RTMP publishers and players. */
export class RtmpServer {
  readonly #options: RtmpServerOptions;
  readonly #limits: RtmpServerLimits;
  readonly #servers: Server[] = [];
  readonly #guards: TlsGuard[] = [];
  readonly #table: ConnectionTable<RtmpConnection>;
  readonly #host: ConnectionHost;
  readonly #closedCodes = new Map<string, number>();
  #closing = false;
  #checkTimer: Timer | undefined;
  #drainTimer: Timer | undefined;
  #empty: (() => void) | undefined;
  #close: Promise<void> | undefined;

  constructor(options: RtmpServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultServerLimits, ...options.limits };
    this.#table = new ConnectionTable(this.#limits);
    this.#host = this.#makeHost();
  }

  /** Begins to listen; port 0 takes any free one. Rejects when the address cannot be had. */
  listen(port: number, host: string): Promise<{ address: string; port: number }> {
    return this.#open(createServer(socketOptions), "connection", port, host);
  }

  /** The same for RTMPS, which is RTMP within TLS. Its connections count as the others do. */
  listenSecure(port: number, host: string): Promise<{ address: string; port: number }> {
    const { tls } = this.#options;
    if (tls === undefined) throw new Error("RTMPS needs certificates");
    const server = createSecureServer({ ...socketOptions, ...tls.options() });
    this.#guards.push(tls.guard(server));
    return this.#open(server, "secureConnection", port, host);
  }

  async #open(
    server: Server,
    event: "connection" | "secureConnection",
    port: number,
    host: string,
  ): Promise<{ address: string; port: number }> {
    const { log } = this.#options;
    server.on(event, (socket: Socket) => this.#accept(socket));
    server.on("error", (error) => log.error({ err: error }, "RTMP listener failed"));
    server.listen(port, host);
    await once(server, "listening");
    this.#servers.push(server);
    if (this.#checkTimer === undefined) this.#scheduleCheck();
    const { address, port: bound } = server.address() as AddressInfo;
    return { address, port: bound };
  }

  get stats(): RtmpServerStats {
    const connections = this.#table.list();
    return {
      connections: connections.length,
      publishing: connections.filter(({ role }) => role === "publish").length,
      playing: connections.filter(({ role }) => role === "play").length,
      heldBytes: connections.reduce((sum, { heldBytes }) => sum + heldBytes, 0),
      closed: this.#closedCodes,
    };
  }

  /**
   * Takes no more connections, sends the clients away (those that know how are asked to reconnect) and
   * resolves when the last is gone, after `drainTimeoutMs` at the latest. May be called twice.
   */
  close(reason: string): Promise<void> {
    this.#close ??= this.#shutDown(reason);
    return this.#close;
  }

  async #shutDown(reason: string): Promise<void> {
    this.#closing = true;
    const stopped = this.#servers.map((server) => once(server, "close"));
    for (const server of this.#servers) server.close();
    for (const guard of this.#guards) guard.close();
    const empty = new Promise<void>((resolve) => {
      this.#empty = resolve;
    });
    this.#drainTimer = this.#options.clock.after(this.#limits.drainTimeoutMs, () => {
      for (const connection of this.#table.list()) connection.close(reason);
    });
    for (const connection of this.#table.list()) connection.drain(reason);
    if (this.#table.size === 0) this.#empty?.();
    await empty;
    this.#drainTimer.cancel();
    this.#checkTimer?.cancel();
    await Promise.all(stopped);
  }

  #makeHost(): ConnectionHost {
    const { registry, access, log, clock } = this.#options;
    const isClosing = (): boolean => this.#closing;
    return {
      registry,
      access,
      log,
      limits: this.#limits,
      bodies: new TagBodies(),
      nowMs: () => Math.floor(clock.nowUs() / 1000),
      get closing(): boolean {
        return isClosing();
      },
      roleChanged: (connection) => this.#table.update(connection),
      closed: (connection, code) => this.#remove(connection, code),
    };
  }

  #accept(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? "");
    // A peer that is gone already has no address.
    if (address === "" || this.#closing || !this.#table.admit(address)) {
      socket.on("error", () => {});
      socket.destroy();
      if (address !== "") this.#count("RTMP_CONNECTIONS_FULL");
      return;
    }
    this.#table.add(new RtmpConnection(socket, this.#host));
  }

  #remove(connection: RtmpConnection, code: string): void {
    this.#table.remove(connection);
    this.#count(code);
    if (this.#table.size === 0) this.#empty?.();
  }

  #count(code: string): void {
    const known = this.#closedCodes.get(code);
    if (known === undefined && this.#closedCodes.size >= maxClosedCodes) return;
    this.#closedCodes.set(code, (known ?? 0) + 1);
  }

  #scheduleCheck(): void {
    this.#checkTimer = this.#options.clock.after(checkIntervalMs, () => {
      for (const connection of this.#table.list()) connection.check();
      if (!this.#closing || this.#table.size > 0) this.#scheduleCheck();
    });
  }
}
