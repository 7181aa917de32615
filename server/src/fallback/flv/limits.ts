/** Limits of HTTP-FLV and WebSocket-FLV. */
export interface FlvLimits {
  /** Longest time between two writes to viewers once there are many of them (`limits.flvGatherMs`). Milliseconds. */
  readonly maxFlushMs: number;
  /** Up to so many viewers, all streams together, every tag is written at once. */
  readonly promptViewers: number;
  /** From so many viewers on, writes are `maxFlushMs` apart; in between proportionally less. */
  readonly busyViewers: number;
  /** Tags are joined to blocks of about this size. Bytes. */
  readonly maxBlockBytes: number;
  /** What a viewer's socket may hold before the next block has to wait. Bytes. */
  readonly maxWaitingBytes: number;
  /** A viewer further behind than this goes on at the next key frame. Bytes. */
  readonly maxBehindBytes: number;
  /** The same as time. Milliseconds. */
  readonly maxBehindMs: number;
  /** A viewer who takes nothing for so long is closed with `VIEWER_TOO_SLOW`. Milliseconds. */
  readonly stallMs: number;
  /** Larger groups of pictures are not kept for those who come late. Bytes. */
  readonly maxGroupBytes: number;
  /** The same as time. Milliseconds. */
  readonly maxGroupMs: number;
  /** How much sound a viewer of a stream without video begins with, at most. Milliseconds. */
  readonly audioGroupMs: number;
  /** How long a viewer of a stream that has just begun waits for its second track. Milliseconds. */
  readonly trackGraceMs: number;
  /** How long the first viewer waits for the sound of the cached group of pictures, where it has to be made. Milliseconds. */
  readonly soundWaitMs: number;
  /** How long a viewer waits for the first track before `STREAM_NOT_READY`. Milliseconds. */
  readonly firstTrackMs: number;
  /** How often a track that could not be had is asked for again. Milliseconds. */
  readonly retryMs: number;
  /** Between two `onMetaData` in band that say when frames were captured. Milliseconds. */
  readonly captureTimeMs: number;
  /** How long the end of a viewer's answer may take. Milliseconds. */
  readonly endMs: number;
  /** Between two pings of a WebSocket. Milliseconds. */
  readonly pingMs: number;
  /** A WebSocket that gave no pong for so long is closed with `WEBSOCKET_PONG_MISSING`. Milliseconds. */
  readonly pongMs: number;
  /** Size of a message from a viewer; nothing that viewers say is used. Bytes. */
  readonly maxMessageBytes: number;
  /** Messages from one viewer before it is closed with `WEBSOCKET_MESSAGES_UNEXPECTED`. */
  readonly maxMessages: number;
}

export const defaultFlvLimits: FlvLimits = {
  maxFlushMs: 33,
  promptViewers: 50,
  busyViewers: 200,
  maxBlockBytes: 128 * 1024,
  maxWaitingBytes: 256 * 1024,
  maxBehindBytes: 4 * 1024 * 1024,
  maxBehindMs: 2000,
  stallMs: 30_000,
  maxGroupBytes: 16 * 1024 * 1024,
  maxGroupMs: 20_000,
  audioGroupMs: 1000,
  trackGraceMs: 400,
  soundWaitMs: 400,
  firstTrackMs: 10_000,
  retryMs: 10_000,
  captureTimeMs: 10_000,
  endMs: 5000,
  pingMs: 10_000,
  pongMs: 25_000,
  maxMessageBytes: 1024,
  maxMessages: 100,
};
