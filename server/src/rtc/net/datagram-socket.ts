/** Sends datagrams. One for each address family. */
export interface DatagramSocket {
  readonly family: 4 | 6;
  /**
   * Sends at once; never throws for what the network or the kernel does. The bytes must stay as they
   * are until the end of the tick, or longer while the kernel is busy.
   */
  send(datagram: Uint8Array, port: number, address: string): void;
}

/** Takes datagrams. `datagram` belongs to the callee only until it returns. */
export type DatagramReceiver = (
  datagram: Buffer,
  port: number,
  address: string,
  socket: DatagramSocket,
) => void;
