/** Limits of moving and still pictures; times in milliseconds. */
export interface PictureLimits {
  /** Lowest rate that `?fps=` may ask for. Pictures per second. */
  readonly minFps: number;
  /** Highest rate that `?fps=` may ask for. Pictures per second. */
  readonly maxFps: number;
  /** How long one picture may be on its way to a client before the client is closed. */
  readonly stallMs: number;
  /**
   * When nothing follows a picture for this long it is sent once more, for some browsers show a picture
   * only when they have the headers of the next one.
   */
  readonly repeatMs: number;
  /** A snapshot is answered at once with a picture up to this age. */
  readonly snapshotMaxAgeMs: number;
  /** How long a snapshot waits for a picture. */
  readonly snapshotWaitMs: number;
  /** How long a snapshot that has a picture waits for a newer one while those that come are older than they may be. */
  readonly snapshotSettleMs: number;
  /** Snapshots of one stream that wait at once. */
  readonly maxWaitingSnapshots: number;
  /** Time between two attempts to get pictures of a stream that lost them. */
  readonly retryMs: number;
  /** Attempts without a picture in between before the viewers are closed. */
  readonly maxRetries: number;
  /** How long a viewer has to take its last bytes after the end. */
  readonly endMs: number;
}

export const defaultPictureLimits: PictureLimits = {
  minFps: 0.1,
  maxFps: 60,
  stallMs: 20_000,
  repeatMs: 250,
  snapshotMaxAgeMs: 1_000,
  snapshotWaitMs: 5_000,
  snapshotSettleMs: 500,
  maxWaitingSnapshots: 256,
  retryMs: 1_000,
  maxRetries: 5,
  endMs: 800,
};
