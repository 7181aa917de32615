/** Takes the datagrams of a socket; a view of its own, which may be kept. */
export interface DatagramReceiver {
  datagram(data: Uint8Array, address: string, port: number): void;
}

export interface DatagramSocketOptions {
  readonly host: string;
  readonly family: 4 | 6;
  /** 0 for any free port. */
  readonly port: number;
  readonly recvBufferBytes: number;
  readonly sendBufferBytes?: number | undefined;
  /** Bytes that may wait for the kernel; datagrams beyond are dropped. */
  readonly maxQueuedBytes: number;
  readonly receiver: DatagramReceiver;
  /** Told errors of the socket, which stays open. */
  readonly error: (error: Error) => void;
}

/** A bound UDP socket. */
export interface DatagramSocket {
  readonly host: string;
  readonly family: 4 | 6;
  readonly port: number;
  /** Which one it is of native code that can pass datagrams on by itself. */
  readonly place?: number;
  /** False when it was dropped. */
  send(data: Uint8Array, address: string, port: number): boolean;
  /** Sends header, payload and 0 to 3 zero bytes as one datagram. */
  sendParts(
    header: Uint8Array,
    payload: Uint8Array,
    padding: number,
    address: string,
    port: number,
  ): boolean;
  /** Ends the datagrams at once; resolves when the port is free. May be called twice. */
  close(): Promise<void>;
}

/** Opens and binds at once. Throws the system's error (`EADDRINUSE`, `EADDRNOTAVAIL`, `EMFILE` …). */
export type OpenDatagramSocket = (options: DatagramSocketOptions) => DatagramSocket;
