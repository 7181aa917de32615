import type { RtcCounters } from "./counters.ts";
import type { DatagramReceiver, DatagramSocket } from "./datagram-socket.ts";
import { ipToBytes } from "./ip.ts";
import { RemoteNames } from "./remote-names.ts";

/** A socket of native/binding-udp.c; an opaque pointer. */
export type NativeSocketHandle = { readonly nativeSocket: unique symbol };

/** What of native/binding-udp.c reads sockets. Throws errors with codes of the system (`EINVAL`, `EADDRINUSE` …). */
export interface NativeUdp {
  /**
   * Makes, binds and reads a socket, IPv6 alone for an address of 16 bytes. Calls `receive` with the number of datagrams that
   * `slots` and `records` have then, or with -1 for an error of the socket. Fills `result`: descriptor, port, and the
   * bytes of both buffers that the kernel granted.
   */
  udpOpen(
    address: Uint8Array,
    port: number,
    receiveBytes: number,
    sendBytes: number,
    slots: Uint8Array,
    records: Uint32Array,
    receive: (count: number) => void,
    result: Uint32Array,
  ): NativeSocketHandle;
  /** 1: sent; 0: the socket is full; -1: refused. */
  udpSend(socket: NativeSocketHandle, datagram: Uint8Array, address: string, port: number): number;
  /** May be called twice. */
  udpClose(socket: NativeSocketHandle): void;
}

/** As in native/udp.h. */
const slots = 64;
const slotBytes = 65_536 + 1472;
const recordWords = 8;

export interface NativeUdpSocketOptions {
  readonly native: NativeUdp;
  readonly family: 4 | 6;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly recvBufferBytes: number;
  readonly sendBufferBytes: number;
  readonly counters: RtcCounters;
  readonly receive: DatagramReceiver;
  /** Told errors of the socket, which stays open. */
  readonly error: (error: Error) => void;
}

/**
 * A bound UDP socket that C reads in batches, into memory that is used again: a datagram costs a tenth of what it costs
 * by way of node:dgram, which makes two objects, a buffer and a callback of each.
 */
export class NativeUdpSocket implements DatagramSocket {
  readonly family: 4 | 6;
  readonly port: number;
  readonly address: string;
  readonly fd: number;
  readonly #native: NativeUdp;
  readonly #handle: NativeSocketHandle;
  readonly #options: NativeUdpSocketOptions;
  // Memory that is never written to is never given by the system.
  readonly #slots = Buffer.from(new ArrayBuffer(slots * slotBytes));
  readonly #records = new Uint32Array(slots * recordWords);
  readonly #names = new RemoteNames();
  readonly #granted: { recv: number; send: number };
  #closed = false;

  private constructor(options: NativeUdpSocketOptions, address: Uint8Array) {
    const { native, family, host, port, recvBufferBytes, sendBufferBytes } = options;
    const result = new Uint32Array(4);
    this.#native = native;
    this.#options = options;
    this.#handle = native.udpOpen(
      ...([address, port, recvBufferBytes, sendBufferBytes, this.#slots, this.#records] as const),
      ...([(count: number) => this.#receive(count), result] as const),
    );
    const [fd = -1, bound = 0, recv = 0, send = 0] = result;
    this.family = family;
    this.address = host;
    this.fd = fd;
    this.port = bound;
    this.#granted = { recv, send };
  }

  /** Opens and binds. Rejects with the system's error (`EADDRINUSE`, `EAFNOSUPPORT` …). `host` is an IP address. */
  static async open(options: NativeUdpSocketOptions): Promise<NativeUdpSocket> {
    const address = ipToBytes(options.host);
    if (address === undefined) throw new TypeError(`not an IP address: ${options.host}`);
    return new NativeUdpSocket(options, address);
  }

  send(datagram: Uint8Array, port: number, address: string): void {
    const { counters } = this.#options;
    if (this.#closed) {
      counters.sendClosed++;
      return;
    }
    const outcome = this.#native.udpSend(this.#handle, datagram, address, port);
    if (outcome > 0) {
      counters.sent++;
      counters.sentBytes += datagram.length;
    } else if (outcome === 0) {
      counters.sendBusy++;
      counters.sendDropped++;
    } else {
      counters.sendErrors++;
    }
  }

  /** What the kernel granted, bytes. */
  bufferBytes(): { recv: number; send: number } {
    return this.#granted;
  }

  /** May be called twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#native.udpClose(this.#handle);
  }

  #receive(count: number): void {
    const { receive, error } = this.#options;
    if (count < 0) error(new Error("the UDP socket has an error"));
    for (let i = 0; i < count && !this.#closed; i++) {
      const record = i * recordWords;
      const length = this.#records[record] ?? 0;
      const port = this.#records[record + 2] ?? 0;
      const address = this.#names.name(this.#records, record);
      const start = i * slotBytes;
      try {
        receive(this.#slots.subarray(start, start + length), port, address, this);
      } catch (fault) {
        // A bug of ours is told as one of an event handler is; what came with it is not to blame.
        queueMicrotask(() => {
          throw fault;
        });
      }
    }
  }
}
