/**
 * RTCP datagrams of one peer that are looked at in a second, and at once after a silence; the rest is refused unopened. A
 * browser sends some 20, and 50 more while packets are missing.
 */
export const maxRtcpPerSecond = 400;

/** Limits of all WebRTC peers together and of each one. */
export interface RtcLimits {
  /** Open peers; the next one is refused with `PEERS_FULL`. */
  readonly maxPeers: number;
  /** Remote addresses that one peer may have validated; the stalest makes room for a new one. */
  readonly maxAddressesPerPeer: number;
  /** Handshakes under way at once; a peer's first flight is left unanswered meanwhile, and it repeats it. */
  readonly maxConcurrentHandshakes: number;
  /** A peer that is not connected so long after it was made is closed with `JOIN_TIMEOUT`. */
  readonly joinTimeoutMs: number;
  /** A connected peer of which nothing authentic came for so long is closed with `PEER_TIMEOUT`. */
  readonly peerTimeoutMs: number;
  /** A connected peer of which nothing authentic came for so long is told as disconnected. */
  readonly disconnectedMs: number;
  /** Longest offer, in UTF-16 units. */
  readonly maxSdpLength: number;
  /** Most m-lines of an offer. */
  readonly maxMediaLines: number;
  /** Most simulcast layers of a publisher; the answer leaves out those after them. */
  readonly maxSimulcastLayers: number;
  /** Bytes that may wait for the kernel on each UDP socket; more datagrams are dropped. */
  readonly maxSendQueueBytes: number;
  /** Kernel buffers asked for on each UDP socket; the system may grant less. */
  readonly recvBufferBytes: number;
  readonly sendBufferBytes: number;
}

export const DEFAULT_RTC_LIMITS: RtcLimits = {
  maxPeers: 5000,
  maxAddressesPerPeer: 16,
  maxConcurrentHandshakes: 64,
  joinTimeoutMs: 15_000,
  peerTimeoutMs: 30_000,
  disconnectedMs: 6_000,
  maxSdpLength: 65_536,
  maxMediaLines: 32,
  // OBS offers up to four, and gives up when one of them is left out.
  maxSimulcastLayers: 4,
  maxSendQueueBytes: 4 << 20,
  recvBufferBytes: 4 << 20,
  sendBufferBytes: 4 << 20,
};
