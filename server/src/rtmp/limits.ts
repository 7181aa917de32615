/** What one RTMP connection may make us keep or do. */
export interface RtmpSessionLimits {
  /** Largest chunk size a peer may announce. Section 5.4.1: larger than a message can be is never of use. */
  readonly maxChunkSize: number;
  /** Bytes of one audio, video or aggregate message of a publisher. */
  readonly maxMessageBytes: number;
  /** Bytes of any other message, and of every message of a peer that does not publish. */
  readonly maxCommandBytes: number;
  /** Chunk streams in use. */
  readonly maxChunkStreams: number;
  /** Memory for messages that are not complete, all chunk streams together. */
  readonly maxPendingBytes: number;
  /** Bytes that may wait unread while the owner decides about a request. */
  readonly maxHeldBytes: number;
  /** Message streams that `createStream` gives out. */
  readonly maxMessageStreams: number;
}

export const defaultSessionLimits: RtmpSessionLimits = {
  maxChunkSize: 0xff_ffff,
  maxMessageBytes: 8 * 1024 * 1024,
  maxCommandBytes: 64 * 1024,
  maxChunkStreams: 64,
  maxPendingBytes: 16 * 1024 * 1024,
  maxHeldBytes: 1024 * 1024,
  maxMessageStreams: 16,
};

/** What the RTMP server as a whole allows. */
export interface RtmpServerLimits extends RtmpSessionLimits {
  /** Connections at once. When reached, the oldest one that neither publishes nor plays makes room. */
  readonly maxConnections: number;
  /** Connections at once from one address; room is made as above. */
  readonly maxConnectionsPerAddress: number;
  /** From connecting to the end of the handshake. Milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** From connecting, or from the end of the last role, to publishing or playing. Milliseconds. */
  readonly setupTimeoutMs: number;
  /** Longest time between two complete audio or video messages of a publisher. Milliseconds. */
  readonly publishTimeoutMs: number;
  /** Longest time in which a player takes nothing of what waits for it. Milliseconds. */
  readonly playStallTimeoutMs: number;
  /** Bytes of answers that a peer has not taken. More than that and it is only asking, never reading. */
  readonly maxUnsentBytes: number;
  /** How long a peer has to take the last words and leave. Milliseconds. */
  readonly lingerMs: number;
  /** Bytes handed to a player's socket before frames wait in its queue. */
  readonly playSocketBytes: number;
  /** Bytes of frames that wait for one player. */
  readonly playQueueBytes: number;
  /** Time span of frames that wait for one player. Milliseconds. */
  readonly playQueueMs: number;
  /** How long clients have to leave by themselves after `close`. Milliseconds. */
  readonly drainTimeoutMs: number;
}

export const defaultServerLimits: RtmpServerLimits = {
  ...defaultSessionLimits,
  maxConnections: 4096,
  maxConnectionsPerAddress: 1024,
  handshakeTimeoutMs: 10_000,
  setupTimeoutMs: 15_000,
  publishTimeoutMs: 30_000,
  playStallTimeoutMs: 30_000,
  maxUnsentBytes: 1024 * 1024,
  lingerMs: 2_000,
  playSocketBytes: 256 * 1024,
  playQueueBytes: 8 * 1024 * 1024,
  playQueueMs: 10_000,
  drainTimeoutMs: 5_000,
};
