/** Bounds and times of what one publisher sends. Times are microseconds. */
export interface IngestLimits {
  /** SSRCs that are told apart, with those that are not used any more; packets of more are dropped. */
  readonly maxSsrcs: number;
  /** A sequence number this far ahead or behind may belong to a stream that begins anew; the next packet decides. */
  readonly maxGapPackets: number;
  /** Packets of one video encoding that may wait for an older one; a power of two above `maxGapPackets`. */
  readonly maxHeldPackets: number;
  /** Packets of one encoding that are asked for at once; when more are missing, all are given up. */
  readonly maxMissing: number;
  /** A packet is asked for when this many newer ones came without it … */
  readonly reorderPackets: number;
  /** … or after this time. */
  readonly reorderUs: number;
  /** A gap in front of a whole key frame is waited for until it may have been filled once, at most so long. */
  readonly maxKeyWaitUs: number;
  /** How often one packet is asked for. */
  readonly maxNackTries: number;
  /** Shortest time between two NACKs for the same packet; with a round trip longer than this, that. */
  readonly minNackIntervalUs: number;
  /** How long video waits for a missing packet, besides four round trips … */
  readonly videoWaitUs: number;
  /** … and at most. */
  readonly maxVideoWaitUs: number;
  /** How long a gap is waited for when the publisher takes no NACKs: for packets out of order only. */
  readonly unaskedWaitUs: number;
  /** How long sound waits for a missing packet. */
  readonly audioWaitUs: number;
  /** Bytes and packets of one frame; one that is larger is given up. */
  readonly maxFrameBytes: number;
  readonly maxFramePackets: number;
  /** What is kept from a key frame on, for late viewers. Beyond any of them nothing is, until the next key frame. */
  readonly groupMaxBytes: number;
  readonly groupMaxFrames: number;
  readonly groupMaxUs: number;
  /** Shortest time between two key frame requests for one encoding. */
  readonly keyRequestIntervalUs: number;
  /** Besides a round trip: when a key frame that did not come is asked for again. */
  readonly keyRepeatUs: number;
  /** Longest time that an arrival waits to be reported in transport-wide feedback, and most arrivals that wait. */
  readonly feedbackIntervalUs: number;
  readonly feedbackMaxPackets: number;
  /** Between receiver reports. */
  readonly reportIntervalUs: number;
  /** Bounds of the receiver's estimate for publishers that take only REMB, bits per second. */
  readonly minEstimateBps: number;
  readonly startEstimateBps: number;
  readonly maxEstimateBps: number;
  /** An encoding without packets is inactive after this time while others of its track flow … */
  readonly layerSilenceUs: number;
  /** … and otherwise after this time: a picture that stands still may be sent once a second. */
  readonly trackSilenceUs: number;
  /** After a change of codec, packets of the one before do not change it back for this time. */
  readonly codecSettleUs: number;
  /** Longest delay from capture to arrival that is believed. */
  readonly maxCaptureDelayUs: number;
}

export const defaultIngestLimits: IngestLimits = {
  maxSsrcs: 32,
  maxGapPackets: 1000,
  maxHeldPackets: 2048,
  maxMissing: 300,
  reorderPackets: 3,
  reorderUs: 10_000,
  maxKeyWaitUs: 150_000,
  maxNackTries: 10,
  minNackIntervalUs: 20_000,
  videoWaitUs: 250_000,
  maxVideoWaitUs: 1_000_000,
  unaskedWaitUs: 40_000,
  audioWaitUs: 60_000,
  maxFrameBytes: 4 << 20,
  maxFramePackets: 4096,
  groupMaxBytes: 4 << 20,
  groupMaxFrames: 300,
  groupMaxUs: 4_000_000,
  keyRequestIntervalUs: 300_000,
  keyRepeatUs: 500_000,
  feedbackIntervalUs: 50_000,
  feedbackMaxPackets: 100,
  reportIntervalUs: 1_000_000,
  minEstimateBps: 150_000,
  startEstimateBps: 5_000_000,
  maxEstimateBps: 30_000_000,
  layerSilenceUs: 1_000_000,
  trackSilenceUs: 2_500_000,
  codecSettleUs: 2_000_000,
  maxCaptureDelayUs: 2_000_000,
};

/** Figures are brought up to date, and silence is noticed, this often. */
export const housekeepingUs = 250_000;
