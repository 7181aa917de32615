/** What every transport of a viewer tells of its session, as far as it knows. Transports add figures of their own. */
export interface ViewerFigures {
  /**
   * Bytes that went to the viewer: payload of UDP or TCP with everything that the gateway adds to media (HTTP heads,
   * chunk marks, frames of a WebSocket, RTP and SRTP, STUN and DTLS), without IP, UDP and TCP headers. Over TLS what
   * is inside. Never more than the kernel took: what waits in the gateway is not sent yet.
   */
  readonly bytesSent: number;
  /** Bytes that came from the viewer, counted alike. */
  readonly bytesReceived: number;
  /** Bits per second of `bytesSent`, over the last 3 to 6 seconds. Core adds it; absent in the first half second. */
  readonly bitrateBps?: number | undefined;
  /** Codec strings (RFC 6381) of what it is sent at the moment, video first. `jpeg` for M-JPEG. */
  readonly codecs?: readonly string[];
  /** The simulcast layer that it is sent: its rid. */
  readonly layer?: string | undefined;
  /** How its media travels: `udp`, `tcp`, or `relay` by a TURN server; absent where it is the connection of the request. */
  readonly path?: string | undefined;
  readonly roundTripMs?: number | undefined;
  /** Packets that did not arrive, from 0 to 1, of the last report; of the picture where there is one. */
  readonly lossRatio?: number | undefined;
  /** What its network carries, as far as it was measured. Bits per second. */
  readonly estimateBps?: number | undefined;
  /** Frames of picture and sound, or what takes their place: pictures of M-JPEG. */
  readonly framesSent?: number;
  /** Frames that it was not sent because it took them too slowly. */
  readonly framesDropped?: number;
  /** Bytes that wait in the gateway for it. */
  readonly waitingBytes?: number;
}

/** Of a session that tells none. */
export const noFigures: ViewerFigures = { bytesSent: 0, bytesReceived: 0 };

/** One track of a publisher. */
export interface PublisherTrackFigures {
  readonly kind: "video" | "audio";
  /** RFC 6381. */
  readonly codec: string;
  /** Payload bits per second over the last two seconds, all layers together. */
  readonly bitrateBps: number;
  /** Pictures per second over the last two seconds. */
  readonly frameRate?: number;
  /** Between the last two key frames. Absent for WebRTC publishers, who make key frames when somebody needs one. */
  readonly keyIntervalMs?: number;
  /** Whether pictures come out of the order in which they are shown. */
  readonly bFrames?: boolean;
  /** RFC 3550 section 6.4.1: of packets over RTP, of frames otherwise. */
  readonly jitterMs: number;
  /** Frames that came since the publisher began. */
  readonly framesReceived: number;
  /** RTP packets that did not arrive, from 0 to 1, since it began. */
  readonly lossRatio?: number;
}

/**
 * What is known of a publisher's session. Its transport tells what it knows of the way here; `Publisher.figures` adds what
 * the media says. Transports may add figures of their own.
 */
export interface PublisherFigures {
  /** Bytes that came from the publisher, counted as in `ViewerFigures.bytesSent`. */
  readonly bytesReceived?: number;
  readonly bytesSent?: number;
  /** Of all tracks. */
  readonly bitrateBps?: number;
  /** Of the video. */
  readonly frameRate?: number;
  readonly keyIntervalMs?: number;
  readonly bFrames?: boolean;
  readonly roundTripMs?: number | undefined;
  readonly lossRatio?: number | undefined;
  /** RFC 3550 section 6.4.1, or the same of frames; of the video where there is one. Milliseconds. */
  readonly jitterMs?: number | undefined;
  /** How much faster than ours the encoder's clock goes, parts per million; undefined in the first 40 s of a time line. */
  readonly clockDriftPpm?: number | undefined;
  /** How often the encoder's time line jumped. */
  readonly timelineJumps?: number;
  readonly framesReceived?: number;
  /** Frames that came and are of no use: without a configuration, or incomplete. */
  readonly framesDropped?: number;
  /** How its media travels, such as `udp`, `tcp`, `relay`; absent where it is its own connection. */
  readonly path?: string | undefined;
  /** What it calls itself: in `onMetaData`, else its user agent. Untrusted. */
  readonly encoder?: string;
  readonly tracks?: readonly PublisherTrackFigures[];
}
