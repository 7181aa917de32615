import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, type Socket } from "node:net";
import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { FakeClock } from "../../core/fake-clock.ts";
import { FakeTranscoder } from "../../core/fake-transcoder.ts";
import { type Clock, type Publisher, Registry, type Stream, silentLog } from "../../core/index.ts";
import type { CoreLimits } from "../../core/limits.ts";
import { createFallback } from "../door/index.ts";
import type { FallbackOutput } from "../output.ts";

export interface AskOptions {
  readonly method?: string;
  readonly version?: string;
  /** Lines with their line breaks. */
  readonly headers?: string;
}

/** A client that says what it is told and keeps what it hears, as bytes. */
export class RawClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #pieces: Buffer[] = [];
  closed = false;
  /** Bytes that came, head included. */
  size = 0;
  readonly #wakers = new Set<() => void>();

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (bytes) => {
      this.#pieces.push(bytes);
      this.size += bytes.length;
      this.#wake();
    });
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  get received(): Buffer {
    if (this.#pieces.length > 0) {
      this.#received = Buffer.concat([this.#received, ...this.#pieces]);
      this.#pieces = [];
    }
    return this.#received;
  }

  get head(): string {
    const end = this.received.indexOf("\r\n\r\n");
    return end < 0 ? "" : this.received.subarray(0, end).toString("latin1");
  }

  get body(): Buffer {
    const end = this.received.indexOf("\r\n\r\n");
    return end < 0 ? Buffer.alloc(0) : this.received.subarray(end + 4);
  }

  /** Value of a header of the answer. */
  header(name: string): string | undefined {
    return new RegExp(`^${name}: (.*)$`, "im").exec(this.head)?.[1]?.trim();
  }

  ask(path: string, how: AskOptions = {}): this {
    const { method = "GET", version = "1.1", headers = "" } = how;
    this.socket.write(`${method} ${path} HTTP/${version}\r\nHost: x\r\n${headers}\r\n`);
    return this;
  }

  /** Waits until something is so, looking again whenever bytes come or the connection closes. */
  async until(isSo: (client: this) => boolean): Promise<this> {
    while (!isSo(this)) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#wakers.delete(wake);
          resolve();
        };
        this.#wakers.add(wake);
      });
    }
    return this;
  }

  untilHead(): Promise<this> {
    return this.until((client) => client.head !== "");
  }

  untilClosed(): Promise<this> {
    return this.until((client) => client.closed);
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }
}

export interface Rig<Output> {
  readonly output: Output;
  readonly clock: FakeClock;
  readonly registry: Registry;
  readonly transcoder: FakeTranscoder;
  readonly publisher: Publisher;
  readonly stream: Stream;
  readonly port: number;
  readonly server: Server;
  client(): RawClient;
  close(): Promise<void>;
}

/** An output behind the real door on a real port, with a stream `live/cam` that somebody publishes. */
export async function startRig<Output extends FallbackOutput>(
  create: (clock: Clock) => Output,
  options: { readonly clock?: Clock; readonly limits?: Partial<CoreLimits> } = {},
): Promise<Rig<Output>> {
  const fake = new FakeClock();
  const clock = options.clock ?? fake;
  const transcoder = new FakeTranscoder();
  const registry = new Registry({
    clock,
    log: silentLog,
    transcoder,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const publisher = registry.publish({
    stream: "live/cam",
    transport: "rtmp",
    address: "127.0.0.1",
    onKick() {},
  });
  const output = create(clock);
  const trust = new ProxyTrust([]);
  const fallback = createFallback({
    registry,
    access: { authorize: async () => {} },
    clock,
    log: silentLog,
    trust,
    origins: new OriginPolicy("*", trust),
    basePath: "",
    outputs: [output],
  });
  const server = createServer((request, response) => void fallback.handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const clients: RawClient[] = [];
  const { port } = server.address() as AddressInfo;
  return {
    output,
    clock: fake,
    registry,
    transcoder,
    publisher,
    stream: publisher.stream,
    port,
    server,
    client() {
      const client = new RawClient(port);
      clients.push(client);
      return client;
    },
    async close() {
      fallback.close();
      for (const { socket } of clients) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      registry.close("SERVER_CLOSING");
    },
  };
}

/** Lets time pass in steps, and between them what is on its way arrive. */
export async function pass(clock: FakeClock, ms: number, stepMs = 250): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(left, stepMs));
    await turns();
  }
}

/** Lets what is on its way between sockets of this process arrive. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until something is so, which other events bring about. */
export async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turns(1);
}
