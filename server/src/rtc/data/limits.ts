/** Limits of the data channels of one peer. */
export interface DataLimits {
  /** Channels of either side's making together, those that are closing included. */
  readonly maxChannels: number;
  /** Longest label and longest protocol name, bytes of UTF-8. */
  readonly maxLabelBytes: number;
  readonly maxProtocolBytes: number;
  /** Longest message in either direction, bytes. A channel on which a longer one comes is closed. */
  readonly maxMessageBytes: number;
  /** Messages that the peer may send in a second, and as many at once after a pause. */
  readonly maxMessagesPerSecond: number;
  /** Bytes that the peer may send in a second, and as many at once after a pause; at least one message. */
  readonly maxBytesPerSecond: number;
  /** Bytes that may wait for the peer to acknowledge them; messages beyond them are not taken. */
  readonly maxBufferedBytes: number;
}

/** A source of telemetry or captions beside the picture. */
export const PUBLISHER_DATA_LIMITS: DataLimits = {
  maxChannels: 16,
  maxLabelBytes: 256,
  maxProtocolBytes: 256,
  maxMessageBytes: 64 * 1024,
  maxMessagesPerSecond: 500,
  maxBytesPerSecond: 1024 * 1024,
  maxBufferedBytes: 1024 * 1024,
};

/** Somebody who chats or sends reactions. */
export const VIEWER_DATA_LIMITS: DataLimits = {
  ...PUBLISHER_DATA_LIMITS,
  maxMessagesPerSecond: 50,
  maxBytesPerSecond: 128 * 1024,
};
