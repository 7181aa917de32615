import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** A socket that keeps what it gets. */
export class Inbox {
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #datagrams: Buffer[] = [];
  #more: () => void = () => {};

  private constructor(socket: Socket) {
    const { address, port } = socket.address();
    this.address = address;
    this.port = port;
    this.#socket = socket;
    socket.on("message", (datagram) => {
      this.#datagrams.push(datagram);
      this.#more();
    });
  }

  static async open(host: string): Promise<Inbox> {
    const type = host.includes(":") ? "udp6" : "udp4";
    const socket = createSocket({ type, recvBufferSize: 4 << 20 });
    socket.bind(0, host);
    await once(socket, "listening");
    return new Inbox(socket);
  }

  /** Waits until so many came in all, and returns them. */
  async take(count: number): Promise<readonly Buffer[]> {
    await this.until(count);
    return this.#datagrams;
  }

  async until(count: number): Promise<void> {
    while (this.#datagrams.length < count) {
      await new Promise<void>((resolve) => {
        this.#more = resolve;
      });
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}
