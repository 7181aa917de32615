/** What the port has seen since it opened. Every field only grows, except `peers`, `addresses` and `tcpConnections`. */
export interface RtcCounters {
  /** Peers that are open now. */
  peers: number;
  /** Remote addresses that passed an authenticated check and are still in use. */
  addresses: number;
  received: number;
  receivedBytes: number;
  sent: number;
  sentBytes: number;
  /** Sends that found datagrams of earlier sends still waiting for the kernel (EAGAIN). */
  sendBusy: number;
  /** Datagrams given up because too many bytes were waiting for the kernel. */
  sendDropped: number;
  /** Sends that the kernel refused (ENOBUFS, ENETUNREACH …), found by asking for one send in `SEND_SAMPLE`. */
  sendErrors: number;
  /** Errors of the sockets that are not about one send. */
  socketErrors: number;
  /** Datagrams sent after the socket was closed. */
  sendClosed: number;
  /** TCP connections that are open now. */
  tcpConnections: number;
  tcpAccepted: number;
  /** TCP connections refused because too many are open, of one address or in all. */
  tcpRefused: number;
  /** TCP connections closed because no authenticated check came in time or within the bytes allowed. */
  tcpUnauthenticated: number;
  /** TCP connections closed because a frame was longer than allowed. */
  tcpMalformed: number;
  /** Datagrams given up because the peer of a TCP connection reads too slowly. */
  tcpDropped: number;
  /** Datagrams that are neither STUN, DTLS nor RTP, or broken STUN. */
  malformed: number;
  /** STUN that is no Binding request. */
  stunIgnored: number;
  /** Checks whose user name belongs to no peer. */
  stunUnknownUser: number;
  /** Checks without FINGERPRINT or with a missing or wrong MESSAGE-INTEGRITY. */
  stunUnauthenticated: number;
  /** Authentic checks seen before, coming again from another address. */
  stunReplayed: number;
  /** Authentic checks from an address that another live peer uses. */
  stunAddressTaken: number;
  /** Authentic checks that were answered with an error. */
  stunRefused: number;
  stunAnswered: number;
  /** DTLS or RTP from an address that passed no check. */
  notValidated: number;
  /** RTP or RTCP before the handshake was complete. */
  mediaEarly: number;
  /** Datagrams of handshakes not answered because too many handshakes are under way. */
  handshakesDeferred: number;
  handshakesStarted: number;
  handshakesCompleted: number;
  handshakesFailed: number;
}

/** One socket reports a refused send for every so many datagrams of media, to keep sending cheap. */
export const SEND_SAMPLE = 32;

export function createCounters(): RtcCounters {
  return {
    peers: 0,
    addresses: 0,
    received: 0,
    receivedBytes: 0,
    sent: 0,
    sentBytes: 0,
    sendBusy: 0,
    sendDropped: 0,
    sendErrors: 0,
    socketErrors: 0,
    sendClosed: 0,
    tcpConnections: 0,
    tcpAccepted: 0,
    tcpRefused: 0,
    tcpUnauthenticated: 0,
    tcpMalformed: 0,
    tcpDropped: 0,
    malformed: 0,
    stunIgnored: 0,
    stunUnknownUser: 0,
    stunUnauthenticated: 0,
    stunReplayed: 0,
    stunAddressTaken: 0,
    stunRefused: 0,
    stunAnswered: 0,
    notValidated: 0,
    mediaEarly: 0,
    handshakesDeferred: 0,
    handshakesStarted: 0,
    handshakesCompleted: 0,
    handshakesFailed: 0,
  };
}
