import type { Socket } from "node:net";
import type { Server, TLSSocket } from "node:tls";
import type { Log } from "../core/index.ts";

export interface HandshakeGuardOptions {
  readonly log: Log;
  readonly maxHandshakes: number;
  /** Told once. */
  closed(): void;
}

/** Bounds the handshakes of a server, tells at `debug` why one failed, and ends those under way when it is closed. */
export class HandshakeGuard {
  readonly #options: HandshakeGuardOptions;
  /** By the client's address and port: TLS hands over another object than the connection it was made of. */
  readonly #underWay = new Map<string, Socket>();
  #closed = false;

  /** Must be made before the server listens. */
  constructor(server: Server, options: HandshakeGuardOptions) {
    this.#options = options;
    server.prependListener("connection", (socket: Socket) => this.#begin(socket));
    server.prependListener("secureConnection", (socket: TLSSocket) => this.#end(socket));
    server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      this.#fail(error, socket);
    });
  }

  /** Connections whose handshake is under way. */
  get handshakes(): number {
    return this.#underWay.size;
  }

  /** Ends those. Connections that came through it stay. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const socket of this.#underWay.values()) socket.destroy();
    this.#underWay.clear();
    this.#options.closed();
  }

  #begin(socket: Socket): void {
    const { log, maxHandshakes } = this.#options;
    if (this.#closed || this.#underWay.size >= maxHandshakes) {
      log.debug({ code: "TLS_HANDSHAKES_FULL" }, "a TLS connection was refused");
      // TLS was to be put on it: it hears of the end as of any other.
      socket.destroy();
      return;
    }
    const place = placeOf(socket);
    if (place === undefined) return;
    this.#underWay.set(place, socket);
    socket.once("close", () => {
      if (this.#underWay.get(place) === socket) this.#underWay.delete(place);
    });
  }

  #end(socket: TLSSocket): void {
    const place = placeOf(socket);
    if (place !== undefined) this.#underWay.delete(place);
  }

  /** Scanners and browsers that do not believe a certificate do this all day: nobody must act. */
  #fail(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const reason = error.code ?? error.message;
    this.#options.log.debug({ code: "TLS_HANDSHAKE_FAILED", reason }, "a TLS handshake failed");
    socket.destroy();
  }
}

function placeOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
