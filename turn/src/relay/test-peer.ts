import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { SocketAddress } from "../stun/index.ts";
import { Inbox } from "./test-inbox.ts";

export interface TestDatagram {
  readonly data: Buffer;
  readonly address: string;
  readonly port: number;
}

/** Somebody outside with a UDP socket. */
export class TestPeer {
  readonly address: SocketAddress;
  readonly received: Inbox<TestDatagram> = new Inbox();
  readonly #socket: Socket;
  #closed: Promise<void> | undefined;

  private constructor(socket: Socket, family: 4 | 6) {
    const { address, port } = socket.address();
    this.address = { family, address, port };
    this.#socket = socket;
    socket.on("message", (data, from) => {
      this.received.put({ data, address: from.address, port: from.port });
    });
  }

  static async open(host = "127.0.0.1"): Promise<TestPeer> {
    const family = host.includes(":") ? 6 : 4;
    const socket = createSocket({ type: `udp${family}`, recvBufferSize: 1 << 20 });
    socket.bind(0, host);
    await once(socket, "listening");
    return new TestPeer(socket, family);
  }

  /** Resolves when the kernel has it. */
  send(data: Uint8Array, to: { readonly address: string; readonly port: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(data, to.port, to.address, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** May be called twice. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    return this.#closed;
  }
}
