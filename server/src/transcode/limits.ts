/** Every growth in transcode has a limit; `defaultTranscodeLimits` are the defaults. */
export interface TranscodeLimits {
  /** Derivations that run at once. The next one is refused with `TRANSCODER_FULL`. */
  readonly maxDerivations: number;
  /** Work given to one codec process, in percent of a core as `loadOf` estimates it. */
  readonly maxLoadPerChild: number;
  /** Work given to one codec process while another one could be started, in percent of a core. */
  readonly comfortableLoadPerChild: number;
  /** Age of the oldest audio frame that waits for the codec; later frames are dropped and counted. Milliseconds. */
  readonly maxAudioQueueMs: number;
  /** The same for video, which begins with a whole group of pictures at once; drops to the next key frame. Milliseconds. */
  readonly maxVideoQueueMs: number;
  /** Instead of `maxAudioQueueMs` until a derivation has caught up at its beginning and after a crash. Milliseconds. */
  readonly maxRecoveryMs: number;
  /** Payload bytes of one audio derivation that wait for the codec; it begins with up to 256 KiB of cached sound. */
  readonly maxAudioQueueBytes: number;
  /** Payload bytes of one video derivation that are kept for a replay, those that wait included. */
  readonly maxVideoQueueBytes: number;
  /** Payload bytes of one audio frame; a larger one is dropped and counted. */
  readonly maxAudioFrameBytes: number;
  /** Payload bytes of one video frame; a larger one is dropped and counted. */
  readonly maxVideoFrameBytes: number;
  /** Width times height of a picture. A larger one is refused with `PICTURE_TOO_LARGE`. */
  readonly maxPixels: number;
  /** Width of a JPEG picture; wider ones are scaled down. Pixels. */
  readonly maxJpegWidth: number;
  /** JPEG pictures of one derivation in each second of its stream. */
  readonly maxJpegPerSecond: number;
  /** A hole in the sound that becomes AAC is filled with silence up to this length; after a longer one its times begin anew. Milliseconds. */
  readonly maxSilenceMs: number;
  /** How far video may lag behind its newest frame before pictures are only decoded, not encoded. Milliseconds. */
  readonly maxVideoLagMs: number;
  /** A process that owes an answer for this long is killed. Milliseconds. */
  readonly hangMs: number;
  /** A process that is not ready this long after its start is killed. Milliseconds. */
  readonly bootTimeoutMs: number;
  /** Delay before a warm spare is started, so that it does not compete with the streams that moved. Milliseconds. */
  readonly spareDelayMs: number;
  /** Longest delay between starts after crashes. Milliseconds. */
  readonly maxRespawnMs: number;
  /** A derivation that loses its process this often within `quarantineWindowMs` is given up. */
  readonly maxCrashes: number;
  /** Also how long its source is refused afterwards. Milliseconds. */
  readonly quarantineWindowMs: number;
  /** A process without work is closed after this time. Milliseconds. */
  readonly idleMs: number;
}

export const defaultTranscodeLimits: TranscodeLimits = {
  maxDerivations: 400,
  maxLoadPerChild: 80,
  comfortableLoadPerChild: 20,
  maxAudioQueueMs: 500,
  maxVideoQueueMs: 4_000,
  maxRecoveryMs: 1_000,
  maxAudioQueueBytes: 512 * 1024,
  maxVideoQueueBytes: 32 * 1024 * 1024,
  maxAudioFrameBytes: 16 * 1024,
  maxVideoFrameBytes: 8 * 1024 * 1024,
  maxPixels: 4096 * 2304,
  maxJpegWidth: 1280,
  maxJpegPerSecond: 10,
  maxSilenceMs: 1_000,
  maxVideoLagMs: 500,
  hangMs: 2_000,
  bootTimeoutMs: 20_000,
  spareDelayMs: 2_000,
  maxRespawnMs: 30_000,
  maxCrashes: 2,
  quarantineWindowMs: 60_000,
  idleMs: 30_000,
};
