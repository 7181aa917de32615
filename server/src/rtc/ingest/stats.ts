/** Figures of one encoding that a publisher sends. */
export interface EncodingStats {
  readonly kind: "video" | "audio";
  readonly rid: string | undefined;
  readonly ssrc: number | undefined;
  readonly codec: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  /** Frames that began, since the encoding did. */
  readonly frames: number;
  readonly bitrateBps: number;
  readonly active: boolean;
  /** RFC 3550 section 6.4.1. */
  readonly jitterMs: number;
  /** Packets on its own SSRC. */
  readonly packets: number;
  readonly bytes: number;
  /** Packets that were given up. */
  readonly lost: number;
  /** Packets that were missing and came after all, sent again or late. */
  readonly recovered: number;
  readonly retransmitted: number;
  /** Packets sent again that were here already: browsers test with them what the path carries. */
  readonly needless: number;
  readonly duplicates: number;
  /** Packets that came after they were given up. */
  readonly late: number;
  /** Packets that only pad. */
  readonly padding: number;
  /** Packets with a payload type that is not negotiated. */
  readonly foreign: number;
  /** Packets asked for, repetitions too, and the messages that did so. */
  readonly nackedPackets: number;
  readonly nacks: number;
  readonly keyRequests: number;
  readonly keyFrames: number;
  /** How often its sequence numbers began anew. */
  readonly restarts: number;
  readonly oversizedFrames: number;
}

/** Figures of one publisher. */
export interface IngestStats {
  readonly encodings: readonly EncodingStats[];
  readonly packets: number;
  readonly bytes: number;
  /** Undefined until it was measured. */
  readonly roundTripMs: number | undefined;
  readonly captureDelayMs: number | undefined;
  /** Packets of SSRCs that nobody can tell the meaning of, or that are too many. */
  readonly unknown: number;
  /** Packets of SSRCs that another one has taken the place of. */
  readonly retired: number;
  /** Packets that only test what the path carries. */
  readonly probes: number;
  /** RTP and RTCP that is none. */
  readonly malformed: number;
  /** Frames that could not be put together. */
  readonly malformedFrames: number;
  readonly feedbacks: number;
  /** What the publisher was told last; undefined where it estimates by itself. */
  readonly estimateBps: number | undefined;
}
