import type { Socket } from "node:net";
import type { ClientPath, PathReceiver, PathSession } from "./client-path.ts";
import { FrameReader } from "./frame-reader.ts";

export interface StreamPathLimits {
  readonly maxFrameBytes: number;
  readonly maxQueuedBytes: number;
  readonly idleMs: number;
  readonly handshakeMs: number;
}

/** A client on a TCP or TLS connection. RFC 8656 section 2.1. */
export class StreamPath implements ClientPath {
  readonly protocol: "tcp" | "tls";
  readonly padded = true;
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly key: string;
  session: PathSession | undefined;
  readonly #socket: Socket;
  readonly #limits: StreamPathLimits;
  readonly #receiver: PathReceiver;
  readonly #nowMs: () => number;
  /** When the connection is closed unless something comes; without an allocation only. */
  #deadlineMs: number;
  #lastMs: number;
  #greeted = false;
  #closed = false;

  /** Owns the socket. `id` tells connections apart that have the same addresses one after the other. */
  constructor(
    socket: Socket,
    options: {
      readonly protocol: "tcp" | "tls";
      readonly address: string;
      readonly port: number;
      readonly id: string;
      readonly limits: StreamPathLimits;
      readonly receiver: PathReceiver;
      readonly nowMs: () => number;
    },
  ) {
    const { protocol, address, port, limits, nowMs } = options;
    this.protocol = protocol;
    this.address = address;
    this.port = port;
    this.family = address.includes(":") ? 6 : 4;
    this.key = `${protocol} ${address} ${port} ${options.id}`;
    this.#socket = socket;
    this.#limits = limits;
    this.#receiver = options.receiver;
    this.#nowMs = nowMs;
    this.#lastMs = nowMs();
    this.#deadlineMs = this.#lastMs + limits.handshakeMs;
    const reader = new FrameReader(limits.maxFrameBytes);
    const take = (message: Uint8Array): void => this.#take(message);
    socket.on("data", (chunk: Uint8Array) => {
      this.#lastMs = nowMs();
      try {
        reader.push(chunk, take);
      } catch {
        socket.destroy();
      }
    });
    // What follows an error is `close`.
    socket.on("error", () => {});
    socket.on("close", () => this.#lost());
  }

  #take(message: Uint8Array): void {
    this.#greeted = true;
    if ((message[0] as number) < 0x40) this.#receiver.stun(message, this);
    else if (this.session !== undefined) this.session.channelData(message);
    else this.#receiver.stray();
  }

  send(message: Uint8Array): boolean {
    if (!this.#hasRoom()) return false;
    this.#socket.write(message);
    return true;
  }

  /** One copy into one write: TLS would make a record of each part. */
  sendParts(header: Uint8Array, payload: Uint8Array, padding: number): boolean {
    if (!this.#hasRoom()) return false;
    const bytes = header.length + payload.length;
    const message = Buffer.allocUnsafe(bytes + padding);
    message.set(header);
    message.set(payload, header.length);
    message.fill(0, bytes);
    this.#socket.write(message);
    return true;
  }

  #hasRoom(): boolean {
    return !this.#closed && this.#socket.writableLength < this.#limits.maxQueuedBytes;
  }

  hold(session: PathSession): void {
    this.session = session;
  }

  free(): void {
    this.session = undefined;
    this.#lastMs = this.#nowMs();
  }

  /** Closes the connection when its client has nothing to say. */
  sweep(nowMs: number): void {
    if (this.session !== undefined) return;
    if (this.#greeted) this.#deadlineMs = this.#lastMs + this.#limits.idleMs;
    if (nowMs >= this.#deadlineMs) this.#socket.destroy();
  }

  #lost(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.session?.pathClosed();
  }

  /** May be called twice. */
  close(): void {
    this.#socket.destroy();
  }
}
