import { createSocket, type Socket } from "node:dgram";
import type { DatagramSocket, DatagramSocketOptions } from "./datagram-socket.ts";

type LookupCallback = (error: null, address: string, family: number) => void;

const zeros: readonly Uint8Array[] = [0, 1, 2, 3].map((length) => new Uint8Array(length));

/** A bound UDP socket that sends in the tick of the call. */
export class UdpSocket implements DatagramSocket {
  readonly host: string;
  readonly family: 4 | 6;
  readonly port: number;
  readonly #socket: Socket;
  readonly #maxQueuedBytes: number;
  #closed: Promise<void> | undefined;

  private constructor(socket: Socket, options: DatagramSocketOptions) {
    const bound = socket.address();
    this.host = bound.address;
    this.port = bound.port;
    this.family = options.family;
    this.#socket = socket;
    this.#maxQueuedBytes = options.maxQueuedBytes;
    const { receiver } = options;
    socket.on("message", (data, from) => receiver.datagram(data, from.address, from.port));
    socket.on("error", options.error);
  }

  /** Opens and binds at once. Throws the system's error (`EADDRINUSE`, `EADDRNOTAVAIL`, `EMFILE` …). */
  static open(options: DatagramSocketOptions): UdpSocket {
    const { family } = options;
    const socket = createSocket({
      type: family === 4 ? "udp4" : "udp6",
      ipv6Only: family === 6,
      recvBufferSize: options.recvBufferBytes,
      ...(options.sendBufferBytes === undefined ? {} : { sendBufferSize: options.sendBufferBytes }),
      // The default looks addresses up and goes on in a later tick even when they are numbers.
      lookup: (name: string, _options: unknown, callback: LookupCallback) => {
        callback(null, name, family);
      },
    });
    let failure: Error | undefined;
    let bound = false;
    socket.once("error", (error) => {
      failure = error;
    });
    try {
      socket.bind({ port: options.port, address: options.host, exclusive: true }, () => {
        bound = true;
      });
      if (failure !== undefined) throw failure;
      if (!bound) throw new Error("a UDP socket was not bound at once");
    } catch (error) {
      socket.on("error", () => {});
      socket.close();
      throw error;
    }
    socket.removeAllListeners("error");
    return new UdpSocket(socket, options);
  }

  /** False when it was dropped. */
  send(data: Uint8Array, address: string, port: number): boolean {
    if (this.#closed !== undefined || this.#isFull(data.length)) return false;
    this.#socket.send(data, port, address);
    return true;
  }

  /** Sends header, payload and 0 to 3 zero bytes as one datagram. */
  sendParts(
    header: Uint8Array,
    payload: Uint8Array,
    padding: number,
    address: string,
    port: number,
  ): boolean {
    if (this.#closed !== undefined || this.#isFull(payload.length)) return false;
    const parts =
      padding === 0 ? [header, payload] : [header, payload, zeros[padding] as Uint8Array];
    this.#socket.send(parts, port, address);
    return true;
  }

  #isFull(bytes: number): boolean {
    const waiting = this.#socket.getSendQueueSize();
    return waiting > 0 && waiting + bytes > this.#maxQueuedBytes;
  }

  /** Ends the datagrams at once; resolves when the port is free. May be called twice. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    return this.#closed;
  }
}
