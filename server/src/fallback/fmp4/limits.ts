/** Bounds of the fragments of a stream; these are the defaults. */
export interface Fmp4Limits {
  /** How long a part is meant to be. Milliseconds. */
  readonly partMs: number;
  /** How much longer a part may become so that it ends between two frames. Milliseconds. */
  readonly partSlackMs: number;
  /** A part is closed early when it has more bytes than this; one frame may be larger. */
  readonly maxPartBytes: number;
  /** A part is closed early when it has more frames than this. */
  readonly maxPartFrames: number;
  /** A part whose video does not go on is closed after this time. Milliseconds. */
  readonly stallMs: number;
  /** A longer gap than this is a discontinuity. Milliseconds. */
  readonly jumpMs: number;
  /** How long the beginning waits for sound that may come. Milliseconds. */
  readonly audioWaitMs: number;
  /** How long the beginning waits for video that should come before it goes on with sound alone. Milliseconds. */
  readonly videoWaitMs: number;
  /** Sound that was silent for so long is left out from the next key frame on: players would wait for it. Milliseconds. */
  readonly audioLostMs: number;
  /** Parts of older groups of pictures are kept while all parts together are not longer. Milliseconds. */
  readonly keptMs: number;
  /** A group of pictures that grows longer is given up until the next key frame. Milliseconds. */
  readonly maxGroupMs: number;
  /** Bytes of all parts kept. */
  readonly maxBytes: number;
  /** A publisher that makes key frames only when asked is asked this often. Milliseconds. */
  readonly keyIntervalMs: number;
  /** When what could not be made is tried again. Milliseconds. */
  readonly retryMs: number;
  /** How long an output goes on after its last user left. Milliseconds. */
  readonly lingerMs: number;
}

export const defaultFmp4Limits: Fmp4Limits = {
  partMs: 200,
  partSlackMs: 10,
  maxPartBytes: 4 * 1024 * 1024,
  maxPartFrames: 1000,
  stallMs: 1500,
  jumpMs: 3000,
  audioWaitMs: 500,
  videoWaitMs: 5000,
  audioLostMs: 3000,
  keptMs: 10_000,
  maxGroupMs: 30_000,
  maxBytes: 32 * 1024 * 1024,
  keyIntervalMs: 4000,
  retryMs: 10_000,
  lingerMs: 5000,
};
