/** Limits of sound over HTTP. */
export interface SoundLimits {
  /** Bytes of audio between two metadata blocks (`icy-metaint`). */
  readonly metadataInterval: number;
  /**
   * How much of the past a new listener is sent, so that its player starts at once; it stays that far
   * behind. Milliseconds.
   */
  readonly burstMs: number;
  /** Audio is handed out in pieces of about this length, for fewer and larger writes. Milliseconds. */
  readonly pieceMs: number;
  /** A piece with so many bytes is not made longer. */
  readonly maxPieceBytes: number;
  /** How far a listener may fall behind before it is moved ahead. Milliseconds, more than `burstMs`. */
  readonly maxLateMs: number;
  /** The most that is kept of a stream for listeners that are behind. Bytes. */
  readonly maxKeptBytes: number;
  /** Bytes handed over to a listener's connection that the network has not taken, before more wait. */
  readonly maxAheadBytes: number;
  /** A listener whose connection takes nothing for so long is closed. Milliseconds. */
  readonly stallMs: number;
  /** Time between two looks at how listeners get on. Milliseconds. */
  readonly tickMs: number;
  /** Time between two attempts to get the sound of a stream that lost it. Milliseconds. */
  readonly retryMs: number;
  /** Attempts without a frame in between before the listeners are closed. */
  readonly maxRetries: number;
  /** How long a listener has to take its last bytes after the end. Milliseconds. */
  readonly endMs: number;
}

export const defaultSoundLimits: SoundLimits = {
  metadataInterval: 8000,
  burstMs: 1_000,
  pieceMs: 60,
  maxPieceBytes: 16 * 1024,
  maxLateMs: 4_000,
  maxKeptBytes: 512 * 1024,
  maxAheadBytes: 16 * 1024,
  stallMs: 20_000,
  tickMs: 500,
  retryMs: 1_000,
  maxRetries: 5,
  endMs: 800,
};
