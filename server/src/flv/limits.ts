import type { Rate } from "@millrace/signaling/gate";

/** What one FLV publisher may make us keep, and for how long, whatever way it comes. */
export interface FlvIntakeLimits {
  /** Length of the file header, which a later version of FLV may extend. */
  readonly maxHeaderBytes: number;
  /** Bytes of one audio or video tag's body. */
  readonly maxTagBytes: number;
  /** Bytes of one script tag's body. */
  readonly maxScriptBytes: number;
  /** From connecting, or from being let in, to the end of the file header. Milliseconds. */
  readonly startTimeoutMs: number;
  /** Longest time between two complete audio or video tags. Milliseconds. */
  readonly publishTimeoutMs: number;
}

/** Limits on all publishers of one way in together. */
export interface FlvSeatLimits {
  /** Publishers at once, with those that have not begun. */
  readonly maxConnections: number;
  /** Publishers at once from one address (IPv6: one /64). */
  readonly maxConnectionsPerAddress: number;
  /** Bytes of tags that are not complete, all publishers together; when reached, who holds most has to go. */
  readonly maxPendingBytes: number;
}

export interface FlvTcpLimits extends FlvIntakeLimits, FlvSeatLimits {}

export interface FlvPostLimits extends FlvIntakeLimits, FlvSeatLimits {
  /** Requests of one address (IPv6: one /64). */
  readonly requests: Rate;
  readonly maxTokenLength: number;
  /** How long a client that was refused may go on sending, so that it reads why instead of being reset. Milliseconds. */
  readonly lingerMs: number;
}

export const defaultFlvTcpLimits: FlvTcpLimits = {
  maxHeaderBytes: 1024,
  maxTagBytes: 8 * 1024 * 1024,
  maxScriptBytes: 256 * 1024,
  startTimeoutMs: 10_000,
  publishTimeoutMs: 30_000,
  maxConnections: 1024,
  maxConnectionsPerAddress: 1024,
  maxPendingBytes: 128 * 1024 * 1024,
};

export const defaultFlvPostLimits: FlvPostLimits = {
  ...defaultFlvTcpLimits,
  requests: { perSecond: 20, burst: 200 },
  maxTokenLength: 4096,
  lingerMs: 2_000,
};
