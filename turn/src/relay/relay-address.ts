import type {
  DatagramReceiver,
  DatagramSocket,
  DatagramSocketOptions,
  OpenDatagramSocket,
} from "../net/index.ts";
import { PortPool } from "./port-pool.ts";

/** Other programs may hold ports of the range: so many are tried before the relay gives up. */
const maxBindTries = 10;

export interface RelayAddressOptions {
  readonly family: 4 | 6;
  /** Where sockets are bound. */
  readonly host: string;
  /** What clients and peers are told. */
  readonly announced: string;
  readonly minPort: number;
  readonly maxPort: number;
  readonly recvBufferBytes: number;
  readonly maxQueuedBytes: number;
  readonly openUdp: OpenDatagramSocket;
  readonly error: (error: Error) => void;
}

/** A relayed port that is open. */
export interface RelayPort {
  readonly family: 4 | 6;
  readonly port: number;
  /** Which socket of native code it is; absent where it is none. */
  readonly place?: number | undefined;
  /** False when it was dropped. */
  send(data: Uint8Array, address: string, port: number): boolean;
  /** Datagrams before the first receiver are dropped. */
  receiver: DatagramReceiver | undefined;
  /** Resolves when the port may be given to somebody else. May be called twice. */
  close(): Promise<void>;
}

/** One local address for relayed ports, and what it is called outside. */
export class RelayAddress {
  readonly family: 4 | 6;
  readonly announced: string;
  readonly #options: RelayAddressOptions;
  readonly #pool: PortPool;

  constructor(options: RelayAddressOptions) {
    this.family = options.family;
    this.announced = options.announced;
    this.#options = options;
    this.#pool = new PortPool(options.minPort, options.maxPort);
  }

  get freePorts(): number {
    return this.#pool.free;
  }

  /** Undefined when no port is to be had. */
  open(): RelayPort | undefined {
    return this.#try(
      () => this.#pool.take(),
      (port) => this.#bind(port),
    );
  }

  /** An even port. RFC 8656 section 7.2. */
  openEven(): RelayPort | undefined {
    return this.#try(
      () => this.#pool.takeEven(false),
      (port) => this.#bind(port),
    );
  }

  /** An even port and the next one. */
  openPair(): readonly [RelayPort, RelayPort] | undefined {
    const opened = this.#try(
      () => this.#pool.takeEven(true),
      (port) => {
        const first = this.#bind(port);
        if (typeof first === "string") return first;
        const second = this.#bind(port + 1);
        if (typeof second !== "string") return [first, second] as const;
        // Stays taken while it closes; so does its neighbour below until the tries are over.
        void first.close();
        return second;
      },
      2,
    );
    return opened;
  }

  #try<T>(
    take: () => number | undefined,
    bind: (port: number) => T | "busy" | "failed",
    width = 1,
  ): T | undefined {
    const busy: number[] = [];
    try {
      for (let tries = 0; tries < maxBindTries; tries++) {
        const port = take();
        if (port === undefined) return undefined;
        const opened = bind(port);
        if (opened !== "busy" && opened !== "failed") return opened;
        busy.push(port);
        if (opened === "failed") return undefined;
      }
      return undefined;
    } finally {
      for (const port of busy) {
        for (let next = 0; next < width; next++) this.#pool.release(port + next);
      }
    }
  }

  #bind(port: number): OpenPort | "busy" | "failed" {
    const { host, family, recvBufferBytes, maxQueuedBytes, openUdp, error } = this.#options;
    try {
      return new OpenPort(
        openUdp,
        { host, family, port, recvBufferBytes, maxQueuedBytes, error },
        this.#pool,
      );
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" || code === "EACCES") return "busy";
      error(cause as Error);
      return "failed";
    }
  }
}

class OpenPort implements RelayPort, DatagramReceiver {
  readonly family: 4 | 6;
  readonly port: number;
  receiver: DatagramReceiver | undefined;
  readonly #socket: DatagramSocket;
  readonly #pool: PortPool;
  #closed: Promise<void> | undefined;

  constructor(
    openUdp: OpenDatagramSocket,
    options: Omit<DatagramSocketOptions, "receiver">,
    pool: PortPool,
  ) {
    this.#socket = openUdp({ ...options, receiver: this });
    this.#pool = pool;
    this.family = options.family;
    this.port = options.port;
  }

  get place(): number | undefined {
    return this.#socket.place;
  }

  send(data: Uint8Array, address: string, port: number): boolean {
    return this.#socket.send(data, address, port);
  }

  datagram(data: Uint8Array, address: string, port: number): void {
    this.receiver?.datagram(data, address, port);
  }

  close(): Promise<void> {
    this.receiver = undefined;
    this.#closed ??= this.#socket.close().then(() => this.#pool.release(this.port));
    return this.#closed;
  }
}
