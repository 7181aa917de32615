/** Constants of the pacer. Defaults were measured with Chromium (catching up, loss, small links); see README. */
export interface PacerLimits {
  /** What a viewer's link is believed to carry while nothing is known about it. */
  readonly bandwidthBps: number;
  /** Replay at most so many times as fast as the stream. */
  readonly maxFactor: number;
  /** A replay that cannot be this many times as fast is not begun. */
  readonly minFactor: number;
  /** Losses never slow a replay below this. */
  readonly floorFactor: number;
  /** Hardware decoders give up when more frames wait than a few. */
  readonly maxFramesPerSecond: number;
  /** Longest group of pictures that is replayed: ten seconds, and a tenth more for encoders that are not exact. */
  readonly maxReplayUs: number;
  /** Wire bytes: ten seconds at 6 Mbit/s and the headers. */
  readonly maxReplayBytes: number;
  /** Ten seconds at 60 frames per second and a tenth more; Chromium holds 800. */
  readonly maxReplayFrames: number;
  /** Where the publisher can be asked for a key frame, a group older than this is not replayed. */
  readonly maxAskableAgeUs: number;
  /** A replay that takes longer is given up for the next key frame. */
  readonly maxReplayDurationUs: number;
  /** A group that is younger, or has at most `youngFrames`, is just sent. */
  readonly youngUs: number;
  readonly youngFrames: number;
  /** What may be sent at once after a pause, as time at the pacer's rate. */
  readonly bucketUs: number;
  readonly minBucketBytes: number;
  /** Live frames are never paced slower than this many times the stream's rate, nor than `minRateBps`. */
  readonly liveFactor: number;
  readonly minRateBps: number;
  /** What is queued of live frames goes out within this time. */
  readonly drainUs: number;
  /** A viewer whose queue of live frames came over a longer time, or is larger, waits for the next key frame instead. */
  readonly maxQueueUs: number;
  readonly maxQueueBytes: number;
  /** Packets of one viewer per turn of the event loop. */
  readonly maxPacketsPerTick: number;
  /** While live, retransmissions may take what the stream takes, saved up for so long. */
  readonly retransmissionBucketUs: number;
  readonly minRetransmissionBps: number;
  /** One answer per packet in this time, or in one round trip when that is longer. */
  readonly minResendUs: number;
  /** Of those, so many at once; the rest goes out in the pacer's turns, so that nobody's live packets wait for them. */
  readonly maxPromptResends: number;
  /** Packets that a viewer may ask for again, also at once after a pause. Lists beyond are not looked into. */
  readonly maxRequestsPerSecond: number;
  /** A list of missing packets that is longer counts as a request for a key frame. */
  readonly maxMissing: number;
  /** Requests for a key frame start one replay in this time at most. */
  readonly minReplayGapUs: number;
  /** A request for a key frame that comes sooner after one was sent has crossed it on the way. */
  readonly keyGraceUs: number;
}

export const defaultPacerLimits: PacerLimits = {
  bandwidthBps: 25_000_000,
  maxFactor: 8,
  minFactor: 1.5,
  floorFactor: 1.3,
  maxFramesPerSecond: 240,
  maxReplayUs: 11_000_000,
  maxReplayBytes: 9 * 1024 * 1024,
  maxReplayFrames: 660,
  maxAskableAgeUs: 1_000_000,
  maxReplayDurationUs: 10_000_000,
  youngUs: 100_000,
  youngFrames: 3,
  bucketUs: 20_000,
  minBucketBytes: 6_000,
  liveFactor: 3,
  minRateBps: 2_000_000,
  drainUs: 100_000,
  maxQueueUs: 1_500_000,
  maxQueueBytes: 6 * 1024 * 1024,
  maxPacketsPerTick: 40,
  retransmissionBucketUs: 250_000,
  minRetransmissionBps: 1_000_000,
  minResendUs: 60_000,
  maxPromptResends: 8,
  maxRequestsPerSecond: 2_000,
  maxMissing: 500,
  minReplayGapUs: 2_000_000,
  keyGraceUs: 300_000,
};
