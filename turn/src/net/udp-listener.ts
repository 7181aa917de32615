import type { ClientPath, PathReceiver, PathSession } from "./client-path.ts";
import type { DatagramReceiver, DatagramSocket, OpenDatagramSocket } from "./datagram-socket.ts";

export interface UdpListenerOptions {
  readonly host: string;
  readonly family: 4 | 6;
  readonly port: number;
  readonly recvBufferBytes: number;
  readonly sendBufferBytes: number;
  readonly maxQueuedBytes: number;
  readonly receiver: PathReceiver;
  readonly openUdp: OpenDatagramSocket;
  readonly error: (error: Error) => void;
}

/** A UDP port for clients. Remembers only those whose path is held. */
export class UdpListener implements DatagramReceiver {
  readonly protocol = "udp";
  readonly #socket: DatagramSocket;
  readonly #receiver: PathReceiver;
  /** By address, then port: no text is made per datagram. */
  readonly #held = new Map<string, Map<number, UdpPath>>();

  private constructor(options: UdpListenerOptions) {
    this.#receiver = options.receiver;
    this.#socket = options.openUdp({ ...options, receiver: this });
  }

  /** Throws the system's error. */
  static open(options: UdpListenerOptions): UdpListener {
    return new UdpListener(options);
  }

  get host(): string {
    return this.#socket.host;
  }

  get port(): number {
    return this.#socket.port;
  }

  get family(): 4 | 6 {
    return this.#socket.family;
  }

  datagram(data: Uint8Array, address: string, port: number): void {
    const first = data[0];
    const path = this.#held.get(address)?.get(port);
    if (first === undefined || first > 0x7f) {
      this.#receiver.stray();
    } else if (first >= 0x40) {
      if (path === undefined) this.#receiver.stray();
      else path.session?.channelData(data);
    } else {
      this.#receiver.stun(data, path ?? new UdpPath(this, this.#socket, address, port));
    }
  }

  hold(path: UdpPath): void {
    let ports = this.#held.get(path.address);
    if (ports === undefined) {
      ports = new Map();
      this.#held.set(path.address, ports);
    }
    ports.set(path.port, path);
  }

  free(path: UdpPath): void {
    const ports = this.#held.get(path.address);
    if (ports?.get(path.port) !== path) return;
    ports.delete(path.port);
    if (ports.size === 0) this.#held.delete(path.address);
  }

  sweep(): void {}

  /** May be called twice. Held paths stay with their sessions, which send nothing any more. */
  close(): Promise<void> {
    this.#held.clear();
    return this.#socket.close();
  }
}

/** One client address at one UDP port. */
export class UdpPath implements ClientPath {
  readonly protocol = "udp";
  readonly padded = false;
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  session: PathSession | undefined;
  readonly #listener: UdpListener;
  readonly #socket: DatagramSocket;

  constructor(listener: UdpListener, socket: DatagramSocket, address: string, port: number) {
    this.#listener = listener;
    this.#socket = socket;
    this.family = socket.family;
    this.address = address;
    this.port = port;
  }

  get place(): number | undefined {
    return this.#socket.place;
  }

  get key(): string {
    return `udp ${this.address} ${this.port} ${this.#socket.host} ${this.#socket.port}`;
  }

  send(message: Uint8Array): boolean {
    return this.#socket.send(message, this.address, this.port);
  }

  sendParts(header: Uint8Array, payload: Uint8Array, padding: number): boolean {
    return this.#socket.sendParts(header, payload, padding, this.address, this.port);
  }

  hold(session: PathSession): void {
    this.session = session;
    this.#listener.hold(this);
  }

  free(): void {
    this.session = undefined;
    this.#listener.free(this);
  }
}
