import { RTCSctpTransport } from "werift";
import { CoreState, type SctpCore } from "./sctp-core.ts";

/** What werift's SCTP wants of a transport. */
interface SctpTransport {
  onData: ((packet: Buffer) => void) | undefined;
  send(packet: Buffer): Promise<void>;
  close(): void;
}

type SctpClass = new (transport: SctpTransport, port: number, options: { mtu: number }) => SctpCore;

const SENT: Promise<void> = Promise.resolve();

let sctpClass: SctpClass | undefined;

/** werift's SCTP class, which it does not export: it is found by an object that werift makes of it. */
export function weriftSctpClass(): SctpClass {
  if (sctpClass === undefined) {
    const holder = new RTCSctpTransport();
    const onStateChange = { subscribe: () => ({ unSubscribe() {} }) };
    holder.setDtlsTransport({ id: "", onStateChange } as never);
    sctpClass = (holder.sctp as object).constructor as SctpClass;
  }
  return sctpClass;
}

/** A bare association of werift's without any transport of its own. `send` is called with each packet. */
export function createSctpCore(
  port: number,
  mtu: number,
  send: (packet: Uint8Array) => void,
): SctpCore {
  const transport: SctpTransport = {
    onData: undefined,
    send: (packet) => {
      send(packet);
      return SENT;
    },
    close() {},
  };
  const core = new (weriftSctpClass())(transport, port, { mtu });
  // Packets never reach its own reading.
  transport.onData = undefined;
  return core;
}

/** The side of an association of werift's that sends the INIT, as werift has it: for the self-test and for tests. */
export interface WeriftSctpClient {
  /** Sends the INIT. */
  start(): void;
  /** Takes a packet. Rejects for what werift cannot read. */
  receive(packet: Uint8Array): Promise<void>;
  send(streamId: number, ppid: number, bytes: Uint8Array): void;
  close(): void;
}

interface ClientCore {
  isServer: boolean;
  readonly onReceive: {
    subscribe(callback: (streamId: number, ppid: number, bytes: Buffer) => void): unknown;
  };
  readonly onReconfigStreams: { subscribe(callback: (streamIds: number[]) => void): unknown };
  start(port: number): Promise<void>;
  setState(state: number): void;
  handleData(packet: Buffer): Promise<void>;
  send(streamId: number, ppid: number, bytes: Buffer): Promise<void>;
}

/** What a client tells. `send` must not answer within the call: werift notes only afterwards that it waits. */
export interface WeriftSctpEvents {
  send(packet: Uint8Array): void;
  message(streamId: number, ppid: number, bytes: Uint8Array): void;
  streamsReset(streamIds: readonly number[]): void;
}

export function createWeriftSctpClient(port: number, events: WeriftSctpEvents): WeriftSctpClient {
  const transport: SctpTransport = {
    onData: undefined,
    send: (packet) => {
      events.send(packet);
      return SENT;
    },
    close() {},
  };
  const sctp = new (weriftSctpClass())(transport, port, { mtu: 1160 }) as unknown as ClientCore;
  sctp.isServer = false;
  sctp.onReceive.subscribe((streamId, ppid, bytes) => events.message(streamId, ppid, bytes));
  sctp.onReconfigStreams.subscribe((streamIds) => events.streamsReset(streamIds));
  return {
    start: () => void sctp.start(port),
    receive: (packet) => sctp.handleData(Buffer.from(packet)),
    send: (streamId, ppid, bytes) => void sctp.send(streamId, ppid, Buffer.from(bytes)),
    close: () => sctp.setState(CoreState.closed),
  };
}
