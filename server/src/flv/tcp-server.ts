import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Access, Clock, Log, Timer } from "../core/ports.ts";
import type { Registry } from "../core/registry.ts";
import { defaultFlvTcpLimits, type FlvTcpLimits } from "./limits.ts";
import { Seats } from "./seats.ts";
import { StreamNumbers } from "./stream-numbers.ts";
import { FlvTcpConnection, type TcpHost } from "./tcp-connection.ts";

export interface FlvTcpServerOptions {
  readonly registry: Registry;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<FlvTcpLimits>;
}

/** Figures of an FLV listener. */
export interface FlvTcpServerStats {
  readonly connections: number;
  readonly publishing: number;
  /** Bytes held of incomplete tags, all connections together. */
  readonly pendingBytes: number;
  /** Closed and refused connections by code, since the start. */
  readonly closed: ReadonlyMap<string, number>;
}

const checkIntervalMs = 1_000;
const keepAliveMs = 30_000;
const maxClosedCodes = 256;

/** Listens for encoders that send bare FLV over TCP: `ffmpeg … -f flv tcp://HOST:8888`. */
export class FlvTcpServer {
  readonly #options: FlvTcpServerOptions;
  readonly #server: Server;
  readonly #seats: Seats<FlvTcpConnection>;
  readonly #host: TcpHost;
  readonly #closedCodes = new Map<string, number>();
  #refusedSinceCheck = 0;
  #closing = false;
  #checkTimer: Timer | undefined;
  #close: Promise<void> | undefined;

  constructor(options: FlvTcpServerOptions) {
    const limits = { ...defaultFlvTcpLimits, ...options.limits };
    const { registry, access, log, clock } = options;
    this.#options = options;
    this.#seats = new Seats(limits);
    this.#host = {
      registry,
      access,
      log,
      limits,
      numbers: new StreamNumbers(registry),
      nowMs: () => Math.floor(clock.nowUs() / 1000),
      held: (changeBytes) => this.#seats.held(changeBytes),
      closed: (connection, code) => {
        this.#seats.remove(connection);
        this.#count(code);
      },
    };
    this.#server = createServer({ keepAlive: true, keepAliveInitialDelay: keepAliveMs }, (socket) =>
      this.#accept(socket),
    );
    this.#server.on("error", (error) => log.error({ err: error }, "FLV listener failed"));
  }

  /** Begins to listen; port 0 takes any free one. Rejects when the address cannot be had. */
  async listen(
    port: number,
    host: string,
  ): Promise<{ readonly address: string; readonly port: number }> {
    this.#server.listen(port, host);
    await once(this.#server, "listening");
    this.#scheduleCheck();
    const { address, port: bound } = this.#server.address() as AddressInfo;
    return { address, port: bound };
  }

  get stats(): FlvTcpServerStats {
    const connections = this.#seats.list();
    return {
      connections: connections.length,
      publishing: connections.filter(({ publishing }) => publishing).length,
      pendingBytes: this.#seats.pendingBytes,
      closed: this.#closedCodes,
    };
  }

  /**
   * Takes no more connections and ends those that are there at once: an encoder cannot be told anything on this
   * wire. Resolves when the port is free. May be called twice. `reason` is a stable code.
   */
  close(reason = "SERVER_CLOSING"): Promise<void> {
    this.#close ??= this.#shutDown(reason);
    return this.#close;
  }

  async #shutDown(reason: string): Promise<void> {
    this.#closing = true;
    this.#checkTimer?.cancel();
    const stopped = this.#server.listening ? once(this.#server, "close") : undefined;
    this.#server.close();
    for (const connection of this.#seats.list()) connection.close(reason);
    await stopped;
  }

  #accept(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? "");
    // A peer that is gone already has no address.
    if (address === "" || this.#closing || !this.#seats.admit(address)) {
      socket.on("error", () => {});
      socket.destroy();
      if (address === "" || this.#closing) return;
      this.#count("FLV_CONNECTIONS_FULL");
      this.#refusedSinceCheck++;
      return;
    }
    this.#seats.add(new FlvTcpConnection(socket, address, this.#host));
  }

  #count(code: string): void {
    const known = this.#closedCodes.get(code);
    if (known === undefined && this.#closedCodes.size >= maxClosedCodes) return;
    this.#closedCodes.set(code, (known ?? 0) + 1);
  }

  #scheduleCheck(): void {
    this.#checkTimer = this.#options.clock.after(checkIntervalMs, () => {
      for (const connection of this.#seats.list()) connection.check();
      this.#tellRefused();
      if (!this.#closing) this.#scheduleCheck();
    });
  }

  /** One line for all of them: whoever floods us does not fill the log too. */
  #tellRefused(): void {
    const refused = this.#refusedSinceCheck;
    this.#refusedSinceCheck = 0;
    if (refused === 0) return;
    this.#options.log.warn(
      { code: "FLV_CONNECTIONS_FULL", refused },
      "FLV connections were refused: there are as many as there may be",
    );
  }
}

/** An IPv4 address as such, also where a socket for both families calls it `::ffff:192.0.2.1`. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+(?:\.\d+){3}$)/i, "");
}
