import type { RemotePath } from "./ice-directory.ts";

/** Sends datagrams: a UDP socket of one address family, or one TCP connection. */
export interface DatagramSocket {
  readonly family: 4 | 6;
  /** The system's number of the socket, for native code that sends by itself. Absent: only `send` can. */
  readonly fd?: number | undefined;
  /** Bytes of datagrams that the kernel did not take yet and reads from where the caller has them. Absent: there never are any. */
  readonly waitingBytes?: number | undefined;
  /** Set on a TCP connection, which has one remote address and so at most one path. */
  readonly connection?: ConnectionPath;
  /**
   * Sends at once; never throws for what the network or the kernel does. The bytes must stay as they
   * are until the end of the tick, or longer while the kernel is busy. A connection ignores the address.
   */
  send(datagram: Uint8Array, port: number, address: string): void;
}

/** What the demultiplexer keeps at a TCP connection. */
export interface ConnectionPath {
  /** What framing added to the datagrams that were sent, minus those that were dropped. Bytes. */
  readonly extraBytes: number;
  /** Bytes that the kernel did not take yet. */
  readonly waitingBytes: number;
  /** Set from the first authenticated check on. */
  path: RemotePath | undefined;
  /** The path is no longer used: nothing more will be sent, what waits still goes out. */
  released(): void;
}

/** Takes datagrams. `datagram` belongs to the callee only until it returns. */
export type DatagramReceiver = (
  datagram: Buffer,
  port: number,
  address: string,
  socket: DatagramSocket,
) => void;
