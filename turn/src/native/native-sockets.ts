import type { DatagramReceiver, DatagramSocket, DatagramSocketOptions } from "../net/index.ts";
import { NativeFlow, type NativeFlowOptions } from "./native-flow.ts";
import type { NativeHandle, NativeModule } from "./native-module.ts";

/**
 * UDP sockets that a thread of native code reads. ChannelData of the flows never comes here; all other datagrams do.
 * Closed by whoever made it.
 */
export class NativeSockets {
  readonly #native: NativeModule;
  readonly #handle: NativeHandle;
  readonly #receivers = new Map<number, DatagramReceiver>();
  readonly #bound = new Uint32Array(2);
  #closed = false;

  /** @throws the system's error when there is no thread or no memory. */
  constructor(native: NativeModule) {
    this.#native = native;
    this.#handle = native.create((socket, data, address, port) => {
      this.#receivers.get(socket)?.datagram(data, address, port);
    });
  }

  /** Datagrams that came while too many waited here already. */
  get missed(): number {
    return this.#closed ? 0 : this.#native.missed(this.#handle);
  }

  /** Opens and binds at once. Throws the system's error (`EADDRINUSE`, `EADDRNOTAVAIL`, `EMFILE` …). */
  open(options: DatagramSocketOptions): NativeUdpSocket {
    const { host, port, recvBufferBytes, sendBufferBytes = 0, receiver, family } = options;
    this.#native.bind(this.#handle, host, port, recvBufferBytes, sendBufferBytes, this.#bound);
    const [place = 0, boundPort = 0] = this.#bound;
    this.#receivers.set(place, receiver);
    return new NativeUdpSocket(this.#native, this.#handle, {
      place,
      host,
      family,
      port: boundPort,
      closed: () => this.#receivers.delete(place),
    });
  }

  /** Undefined when there is no room; then all packets come here. */
  flow(options: NativeFlowOptions): NativeFlow | undefined {
    return NativeFlow.open(this.#native, this.#handle, options);
  }

  /** Closes every socket and flow of it. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#receivers.clear();
    this.#native.close(this.#handle);
  }
}

interface NativeUdpSocketParts {
  readonly place: number;
  readonly host: string;
  readonly family: 4 | 6;
  readonly port: number;
  closed(): void;
}

/** One of them. */
export class NativeUdpSocket implements DatagramSocket {
  /** Its number on the native side. */
  readonly place: number;
  readonly host: string;
  readonly family: 4 | 6;
  readonly port: number;
  readonly #native: NativeModule;
  readonly #handle: NativeHandle;
  readonly #told: () => void;
  #closed = false;

  constructor(native: NativeModule, handle: NativeHandle, parts: NativeUdpSocketParts) {
    this.#native = native;
    this.#handle = handle;
    this.place = parts.place;
    this.host = parts.host;
    this.family = parts.family;
    this.port = parts.port;
    this.#told = () => parts.closed();
  }

  /** False when it was dropped. */
  send(data: Uint8Array, address: string, port: number): boolean {
    if (this.#closed) return false;
    return this.#native.send(this.#handle, this.place, address, port, undefined, data, 0);
  }

  /** Sends header, payload and 0 to 3 zero bytes as one datagram. */
  sendParts(
    header: Uint8Array,
    payload: Uint8Array,
    padding: number,
    address: string,
    port: number,
  ): boolean {
    if (this.#closed) return false;
    return this.#native.send(this.#handle, this.place, address, port, header, payload, padding);
  }

  /** The port is free when it returns. May be called twice. */
  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#told();
      this.#native.shut(this.#handle, this.place);
    }
    return Promise.resolve();
  }
}
