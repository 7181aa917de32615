import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { TestClient } from "./test-client.ts";

/** The test client on a real socket. */
export class TestSocket {
  readonly client: TestClient;
  readonly socket: Socket;
  /** Set when the connection is over. */
  closed = false;
  #changed: () => void = () => {};

  private constructor(socket: Socket, client: TestClient) {
    this.socket = socket;
    this.client = client;
    socket.on("data", (bytes) => {
      client.receive(bytes);
      this.flush();
      this.#changed();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#changed();
    });
  }

  static async open(port: number, scheme?: 0 | 1): Promise<TestSocket> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const opened = new TestSocket(socket, new TestClient(scheme));
    await once(socket, "connect");
    return opened;
  }

  /** Sends what the client has to say. */
  flush(): this {
    const bytes = this.client.take();
    if (bytes.length > 0 && this.socket.writable) this.socket.write(bytes);
    return this;
  }

  /** Greets, connects and waits for the answer. */
  async connect(fields: Parameters<TestClient["connect"]>[0] = {}): Promise<this> {
    this.client.greet();
    this.flush();
    await this.until(() => this.client.hello !== undefined, "handshake");
    this.client.connect(fields);
    this.flush();
    await this.until(() => this.client.statuses.length > 0, "connect");
    return this;
  }

  async publish(key: string): Promise<this> {
    await this.connect();
    this.client.publish(key);
    this.flush();
    await this.status("NetStream.Publish.Start");
    return this;
  }

  async play(key: string, fields: Parameters<TestClient["connect"]>[0] = {}): Promise<this> {
    await this.connect(fields);
    this.client.play(key);
    this.flush();
    await this.status("NetStream.Play.Start");
    return this;
  }

  /** Waits for a status; gives its description. */
  async status(code: string): Promise<string> {
    const find = (): string | undefined =>
      this.client.statuses.find((status) => status.code === code)?.description;
    await this.until(() => find() !== undefined, code);
    return find() ?? "";
  }

  /** Waits for the end of the connection. */
  async end(): Promise<void> {
    await this.until(() => this.closed, "close");
  }

  /** Waits until something received makes the condition true. */
  async until(condition: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
    const expired = AbortSignal.timeout(timeoutMs);
    while (!condition()) {
      if (expired.aborted) throw new Error(`waited in vain for ${what}`);
      if (this.closed) throw new Error(`closed while waiting for ${what}`);
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#changed = resolve;
        }),
        delay(100),
      ]);
    }
  }

  close(): void {
    this.socket.destroy();
  }
}
