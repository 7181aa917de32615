/** What every transport of a viewer tells of its session, as far as it knows. Transports add figures of their own. */
export interface ViewerFigures {
  /**
   * Bytes that went to the viewer: payload of UDP or TCP with everything that the gateway adds to media (HTTP heads,
   * chunk marks, frames of a WebSocket, RTP and SRTP, STUN and DTLS), without IP, UDP and TCP headers.
   */
  readonly bytesSent?: number;
  /** Bytes that came from the viewer, counted alike. */
  readonly bytesReceived?: number;
  /** Bits per second towards the viewer, of the last seconds. */
  readonly bitrateBps?: number;
  /** Codec strings (RFC 6381) of what it is sent at the moment. */
  readonly codecs?: readonly string[];
  /** The simulcast layer that it is sent: its rid. */
  readonly layer?: string | undefined;
  /** How its media travels, such as `udp`, `tcp`, `relay`; absent where it is the connection of the request. */
  readonly path?: string | undefined;
  readonly roundTripMs?: number | undefined;
  /** Packets that did not arrive, from 0 to 1, of the last report. */
  readonly lossRatio?: number | undefined;
  readonly framesSent?: number;
  /** Frames that it was not sent because it took them too slowly. */
  readonly framesDropped?: number;
  /** Bytes that wait in the gateway for it. */
  readonly waitingBytes?: number;
}

/** What every transport of a publisher tells of its session, as far as it knows. Transports add figures of their own. */
export interface PublisherFigures {
  /** Bytes that came from the publisher, counted as in `ViewerFigures.bytesSent`. */
  readonly bytesReceived?: number;
  readonly bytesSent?: number;
  readonly roundTripMs?: number | undefined;
  readonly lossRatio?: number | undefined;
  /** RFC 3550 section 6.4.1, or the same of frames. Milliseconds. */
  readonly jitterMs?: number | undefined;
  /** How its media travels, such as `udp`, `tcp`, `relay`; absent where it is its own connection. */
  readonly path?: string | undefined;
}
