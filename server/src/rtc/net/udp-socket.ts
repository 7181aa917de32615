import { createSocket, type Socket } from "node:dgram";
import { type RtcCounters, SEND_SAMPLE } from "./counters.ts";
import type { DatagramReceiver, DatagramSocket } from "./datagram-socket.ts";
import { ipToBytes } from "./ip.ts";

/**
 * Makes and binds a socket for one address family, IPv6 alone for `::`, and returns its number. Throws the system's error.
 * `address` has 4 or 16 bytes.
 */
export type BindUdp = (address: Uint8Array, port: number) => number;

export interface UdpSocketOptions {
  readonly family: 4 | 6;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly recvBufferBytes: number;
  readonly sendBufferBytes: number;
  readonly maxSendQueueBytes: number;
  readonly counters: RtcCounters;
  readonly receive: DatagramReceiver;
  /** Makes the socket instead of Node; its number is then in `fd`. */
  readonly bind?: BindUdp | undefined;
  /** Told errors of the socket, which stays open. */
  readonly error: (error: Error) => void;
}

type LookupCallback = (error: null, address: string, family: number) => void;

/** A bound UDP socket that sends in the tick of the call. */
export class UdpSocket implements DatagramSocket {
  readonly family: 4 | 6;
  readonly port: number;
  readonly address: string;
  readonly fd: number | undefined;
  readonly #socket: Socket;
  readonly #counters: RtcCounters;
  readonly #maxSendQueueBytes: number;
  readonly #onSent: (error: Error | null) => void;
  #closed = false;
  #sinceSample = 0;

  private constructor(socket: Socket, options: UdpSocketOptions, fd: number | undefined) {
    this.#socket = socket;
    this.#counters = options.counters;
    this.#maxSendQueueBytes = options.maxSendQueueBytes;
    this.#onSent = (error) => {
      if (error !== null && error !== undefined) this.#counters.sendErrors++;
    };
    const bound = socket.address();
    this.family = options.family;
    this.port = bound.port;
    this.address = bound.address;
    this.fd = fd;
    socket.on("message", (datagram, from) => {
      options.receive(datagram, from.port, from.address, this);
    });
    socket.on("error", options.error);
  }

  /** Opens and binds. Rejects with the system's error (`EADDRINUSE`, `EAFNOSUPPORT` …). */
  static open(options: UdpSocketOptions): Promise<UdpSocket> {
    const { family, host, port, recvBufferBytes, sendBufferBytes, bind } = options;
    return new Promise((resolve, reject) => {
      const bytes = bind === undefined ? undefined : ipToBytes(host);
      const fd = bytes === undefined ? undefined : bind?.(bytes, port);
      const socket = createSocket({
        type: family === 4 ? "udp4" : "udp6",
        ipv6Only: family === 6,
        recvBufferSize: recvBufferBytes,
        sendBufferSize: sendBufferBytes,
        // The default looks addresses up and sends in a later tick even when they are numbers.
        lookup: (name: string, _options: unknown, callback: LookupCallback) => {
          callback(null, name, family);
        },
      });
      socket.once("error", (error) => {
        socket.close();
        reject(error);
      });
      const place = fd === undefined ? { port, address: host } : { fd };
      socket.bind(place, () => {
        socket.removeAllListeners("error");
        resolve(new UdpSocket(socket, options, fd));
      });
    });
  }

  send(datagram: Uint8Array, port: number, address: string): void {
    const counters = this.#counters;
    if (this.#closed) {
      counters.sendClosed++;
      return;
    }
    const waitingBytes = this.#socket.getSendQueueSize();
    if (waitingBytes > 0) {
      counters.sendBusy++;
      if (waitingBytes + datagram.length > this.#maxSendQueueBytes) {
        counters.sendDropped++;
        return;
      }
    }
    counters.sent++;
    counters.sentBytes += datagram.length;
    // A refused send is only told to a callback, and a callback costs a turn of the tick queue.
    if (++this.#sinceSample >= SEND_SAMPLE) {
      this.#sinceSample = 0;
      this.#socket.send(datagram, port, address, this.#onSent);
    } else {
      this.#socket.send(datagram, port, address);
    }
  }

  get waitingBytes(): number {
    return this.#closed ? 0 : this.#socket.getSendQueueSize();
  }

  /** What the kernel granted, bytes. */
  bufferBytes(): { recv: number; send: number } {
    return { recv: this.#socket.getRecvBufferSize(), send: this.#socket.getSendBufferSize() };
  }

  /** May be called twice. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}
