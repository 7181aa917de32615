/** Limits of the TCP connections to the port. */
export interface TcpLimits {
  /** Open connections; the next one is closed at once. */
  readonly maxConnections: number;
  /** Open connections of one remote address. Many viewers share one behind a proxy or a company's NAT. */
  readonly maxConnectionsPerAddress: number;
  /** Connections without an authenticated check; beyond them the oldest one is closed. */
  readonly maxUnauthenticated: number;
  /** A connection without an authenticated check is closed after so long. */
  readonly unauthenticatedMs: number;
  /** Bytes that a connection may send before its first authenticated check. A check has about 120. */
  readonly maxUnauthenticatedBytes: number;
  /** Longest frame that is taken, bytes; RFC 4571 allows 65,535. What belongs into UDP is below 1500. */
  readonly maxFrameBytes: number;
  /** Bytes that may wait for a peer that reads slowly; whole datagrams beyond them are dropped, as UDP does. */
  readonly maxSendBytes: number;
  /** How long what waits for a peer may still go out after its path is given up. */
  readonly lingerMs: number;
}

export const DEFAULT_TCP_LIMITS: TcpLimits = {
  maxConnections: 4096,
  maxConnectionsPerAddress: 256,
  maxUnauthenticated: 512,
  unauthenticatedMs: 5_000,
  maxUnauthenticatedBytes: 4_096,
  maxFrameBytes: 4_096,
  // Half a second at 8 Mbit/s: what comes later than that is of no use.
  maxSendBytes: 512 * 1024,
  lingerMs: 2_000,
};
