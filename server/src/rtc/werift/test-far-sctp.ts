import type { Clock } from "../../core/ports.ts";
import { weriftSctpClass } from "./sctp-adapter.ts";

/** What tests use of werift's own association, untouched. */
interface FarCore {
  isServer: boolean;
  associationState: number;
  sentQueue: unknown[];
  outboundQueue: unknown[];
  reconfigQueue: number[];
  readonly onReceive: {
    subscribe(callback: (id: number, ppid: number, data: Buffer) => void): unknown;
  };
  readonly onReconfigStreams: { subscribe(callback: (ids: number[]) => void): unknown };
  start(port: number): Promise<void>;
  setState(state: number): void;
  handleData(packet: Buffer): Promise<void>;
  transmitReconfigRequest(): Promise<void>;
  send(
    id: number,
    ppid: number,
    data: Buffer,
    options?: { ordered?: boolean; maxRetransmits?: number; expiry?: number },
  ): Promise<void>;
}

/** werift's own SCTP as the peer that sends the INIT. */
export class FarSctp {
  readonly #core: FarCore;
  readonly messages: { id: number; ppid: number; data: Buffer }[] = [];
  readonly resets: number[] = [];
  /** What its reading rejected. */
  readonly errors: unknown[] = [];

  constructor(send: (packet: Uint8Array) => void, port = 5000) {
    const transport = {
      onData: undefined,
      send: (packet: Buffer) => {
        send(packet);
        return Promise.resolve();
      },
      close() {},
    };
    this.#core = new (weriftSctpClass())(transport, port, { mtu: 1160 }) as unknown as FarCore;
    this.#core.isServer = false;
    this.#core.onReceive.subscribe((id, ppid, data) => this.messages.push({ id, ppid, data }));
    this.#core.onReconfigStreams.subscribe((ids) => this.resets.push(...ids));
  }

  get established(): boolean {
    return this.#core.associationState === 4;
  }

  get closed(): boolean {
    return this.#core.associationState === 1;
  }

  /** Packets that are not acknowledged yet. */
  get unacknowledged(): number {
    return this.#core.sentQueue.length + this.#core.outboundQueue.length;
  }

  start(): Promise<void> {
    return this.#core.start(5000);
  }

  receive(packet: Uint8Array): void {
    this.#core.handleData(Buffer.from(packet)).catch((error: unknown) => this.errors.push(error));
  }

  /** Not waited for: it resolves when everything is sent. */
  send(
    id: number,
    ppid: number,
    data: Uint8Array,
    options: { ordered?: boolean; maxRetransmits?: number; expiry?: number } = { ordered: true },
  ): void {
    void this.#core.send(id, ppid, Buffer.from(data), options);
  }

  reset(id: number): void {
    this.#core.reconfigQueue.push(id);
    void this.#core.transmitReconfigRequest();
  }

  close(): void {
    this.#core.setState(1);
  }
}

/** The time that timers and `Date.now` tell, which tests may fake. */
export const timerClock: Clock = {
  nowUs: () => Date.now() * 1000,
  wallMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
