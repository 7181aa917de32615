import type { Socket } from "node:net";
import { admit } from "../core/admission.ts";
import { ProtocolError, RefusedError } from "../core/errors.ts";
import { randomId } from "../core/ids.ts";
import type { Access, Log } from "../core/ports.ts";
import type { Publisher } from "../core/publisher.ts";
import type { Registry } from "../core/registry.ts";
import { FlvIntake } from "./intake.ts";
import type { FlvTcpLimits } from "./limits.ts";
import type { Seated } from "./seats.ts";
import { numberedStream, type StreamNumbers } from "./stream-numbers.ts";

/** What a connection needs from the server that accepted it. */
export interface TcpHost {
  readonly registry: Registry;
  readonly access: Access;
  readonly log: Log;
  readonly limits: FlvTcpLimits;
  readonly numbers: StreamNumbers;
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** The bytes that some connection holds changed by so many. */
  held(changeBytes: number): void;
  /** The connection is closed; told once. */
  closed(connection: FlvTcpConnection, code: string): void;
}

/** One encoder: its socket and what it publishes. Nothing is ever written, for this wire has no way back. */
export class FlvTcpConnection implements Seated {
  readonly id: string = randomId();
  readonly address: string;
  readonly #host: TcpHost;
  readonly #socket: Socket;
  readonly #log: Log;
  readonly #intake: FlvIntake;
  #heldBytes = 0;
  #asked = false;
  #number: number | undefined;
  #publisher: Publisher | undefined;
  #closed = false;

  /** `address`: the peer's IP address without a port. */
  constructor(socket: Socket, address: string, host: TcpHost) {
    this.#socket = socket;
    this.#host = host;
    this.address = address;
    this.#log = host.log.child({ session: this.id });
    this.#intake = new FlvIntake(host.limits, host.nowMs());
    socket.on("data", (bytes) => this.#receive(bytes));
    socket.on("error", (error: NodeJS.ErrnoException) => this.close(errorCode(error)));
    socket.on("close", () => this.close("PEER_CLOSED"));
    this.#log.debug({ address }, "FLV connection");
  }

  get publishing(): boolean {
    return this.#publisher !== undefined;
  }

  get pendingBytes(): number {
    return this.#heldBytes;
  }

  /** Closes it when it waited too long. Called about once a second. */
  check(): void {
    const code = this.#intake.overdue(this.#host.nowMs());
    if (code !== undefined) this.close(code);
  }

  /** Ends it and what it publishes. May be called twice. `code` is a stable string. */
  close(code: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#intake.close();
    this.#hold(0);
    this.#publisher?.close(code);
    if (this.#number !== undefined) this.#host.numbers.release(this.#number, this.address);
    this.#socket.destroy();
    const { stats } = this.#intake;
    const stream = this.#publisher?.stream.name;
    if (stream === undefined) this.#log.debug({ code }, "FLV connection closed");
    else this.#log.info({ stream, code, bytes: stats.bytes }, "FLV publish ended");
    this.#host.closed(this, code);
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#guard(() => {
      this.#intake.receive(bytes, this.#host.nowMs());
      if (this.#closed) return;
      this.#hold(this.#intake.pendingBytes);
      if (this.#intake.headed && !this.#asked) {
        this.#asked = true;
        // What comes meanwhile waits at the sender.
        this.#socket.pause();
        void this.#begin();
      }
    });
  }

  #hold(bytes: number): void {
    const change = bytes - this.#heldBytes;
    this.#heldBytes = bytes;
    if (change !== 0) this.#host.held(change);
  }

  /** Asks the access seam and core. Never rejects. */
  async #begin(): Promise<void> {
    const { registry, access, numbers } = this.#host;
    const { address } = this;
    this.#number = numbers.take(address);
    let stream = numberedStream(this.#number);
    try {
      const grant = await admit(access, {
        action: "publish",
        stream,
        token: undefined,
        address,
        transport: "flv-tcp",
        userAgent: undefined,
        id: this.id,
      });
      if (this.#closed) return;
      stream = grant.stream;
      this.#publisher = registry.publish({
        stream,
        grant,
        transport: "flv-tcp",
        address,
        stats: () => this.#intake.stats,
        onKick: (reason) => this.close(reason),
      });
    } catch (error) {
      this.#refuse(stream, error);
      return;
    }
    this.#log.info({ stream }, "FLV publish began");
    this.#guard(() => {
      if (this.#publisher !== undefined) this.#intake.begin(this.#publisher, this.#host.nowMs());
      if (this.#closed) return;
      this.#hold(this.#intake.pendingBytes);
      this.#socket.resume();
    });
  }

  #refuse(stream: string, error: unknown): void {
    if (this.#closed) return;
    if (error instanceof RefusedError) {
      this.#log.warn({ stream, code: error.code, detail: error.message }, "FLV publish refused");
      this.close(error.code);
    } else {
      this.#log.error({ stream, err: error }, "FLV publish failed");
      this.close("INTERNAL_ERROR");
    }
  }

  /** What a peer can cause ends this connection and nothing else. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (error instanceof ProtocolError) {
        this.#log.warn({ code: error.code, detail: error.message }, "FLV publisher is wrong");
        this.close(error.code);
      } else {
        this.#log.error({ err: error }, "FLV intake failed");
        this.close("INTERNAL_ERROR");
      }
    }
  }
}

function errorCode(error: NodeJS.ErrnoException): string {
  return error.code === "ECONNRESET" || error.code === "EPIPE" ? "PEER_CLOSED" : "SOCKET_ERROR";
}
