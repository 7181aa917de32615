import type { Socket } from "node:net";
import type { RtcCounters } from "./counters.ts";
import type { ConnectionPath, DatagramReceiver, DatagramSocket } from "./datagram-socket.ts";
import { FRAME_HEADER_BYTES, FrameReader } from "./frame-reader.ts";
import type { RemotePath } from "./ice-directory.ts";
import type { TcpLimits } from "./tcp-limits.ts";

export interface TcpConnectionOptions {
  readonly family: 4 | 6;
  readonly counters: RtcCounters;
  readonly limits: TcpLimits;
  readonly receive: DatagramReceiver;
  /** The first authenticated check came. */
  readonly authenticated: (connection: TcpConnection) => void;
  /** Told once. The path must be given up now. */
  readonly closed: (connection: TcpConnection) => void;
}

/**
 * One accepted TCP connection as a carrier of datagrams: RFC 6544 passive, framed as in RFC 4571. Anonymous
 * until an authenticated check comes over it, and held to few bytes so long; then a path like a UDP address.
 */
export class TcpConnection implements DatagramSocket, ConnectionPath {
  readonly family: 4 | 6;
  readonly address: string;
  readonly #port: number;
  readonly #socket: Socket;
  readonly #options: TcpConnectionOptions;
  readonly #reader: FrameReader;
  readonly #uncork: () => void;
  #path: RemotePath | undefined;
  #anonymousBytes = 0;
  #extraBytes = 0;
  #corked = false;
  #released = false;
  #closed = false;
  #linger: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: TcpConnectionOptions) {
    this.family = options.family;
    this.address = socket.remoteAddress ?? "";
    this.#port = socket.remotePort ?? 0;
    this.#socket = socket;
    this.#options = options;
    this.#uncork = () => {
      this.#corked = false;
      socket.uncork();
    };
    this.#reader = new FrameReader(options.limits.maxFrameBytes, (frame) => {
      options.receive(frame, this.#port, this.address, this);
      return !this.#released && !this.#closed;
    });
    socket.on("data", (bytes) => this.#onData(bytes));
    // What it is does not matter: `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => this.close());
  }

  get connection(): ConnectionPath {
    return this;
  }

  get extraBytes(): number {
    return this.#extraBytes;
  }

  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  get path(): RemotePath | undefined {
    return this.#path;
  }

  set path(path: RemotePath | undefined) {
    const first = path !== undefined && this.#path === undefined;
    this.#path = path;
    if (first) this.#options.authenticated(this);
  }

  /** Frames and sends; a datagram that would make too many bytes wait is dropped whole. */
  send(datagram: Uint8Array): void {
    const { counters, limits } = this.#options;
    if (this.#closed || this.#released) {
      counters.sendClosed++;
      this.#extraBytes -= datagram.length;
      return;
    }
    const framed = FRAME_HEADER_BYTES + datagram.length;
    if (datagram.length > 0xffff || this.#socket.writableLength + framed > limits.maxSendBytes) {
      counters.tcpDropped++;
      this.#extraBytes -= datagram.length;
      return;
    }
    // A copy: the caller's bytes must not be needed for as long as a slow peer takes.
    const frame = Buffer.allocUnsafe(framed);
    frame.writeUInt16BE(datagram.length, 0);
    frame.set(datagram, FRAME_HEADER_BYTES);
    // What is sent within one tick goes to the kernel in one call.
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(this.#uncork);
    }
    this.#extraBytes += FRAME_HEADER_BYTES;
    counters.sent++;
    counters.sentBytes += datagram.length;
    this.#socket.write(frame);
  }

  /** Lets go out what waits, for a limited time, and takes nothing any more. */
  released(): void {
    if (this.#released || this.#closed) return;
    this.#released = true;
    this.#socket.end();
    this.#linger = setTimeout(() => this.close(), this.#options.limits.lingerMs);
  }

  /** Ends it at once. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#linger);
    this.#socket.destroy();
    this.#options.closed(this);
  }

  #onData(bytes: Buffer): void {
    if (this.#closed || this.#released) return;
    const { counters, limits } = this.#options;
    if (this.#path === undefined) {
      this.#anonymousBytes += bytes.length;
      if (this.#anonymousBytes > limits.maxUnauthenticatedBytes) {
        counters.tcpUnauthenticated++;
        this.close();
        return;
      }
    }
    if (this.#reader.push(bytes)) return;
    counters.tcpMalformed++;
    this.close();
  }
}
