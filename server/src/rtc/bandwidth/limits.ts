/**
 * Constants of the estimate. "GCC" is draft-ietf-rmcat-gcc-02. Rates are bits per second on the wire,
 * times microseconds, shares 0 to 1.
 */
export interface BandwidthLimits {
  /** Believed before anything is known. */
  readonly startBps: number;
  readonly minBps: number;
  readonly maxBps: number;

  /** Packets are remembered for their feedback at least so long, unless there are more than `maxHistoryPackets`. */
  readonly historyUs: number;
  /** A power of two, at most 32,768: half of the range of sequence numbers. */
  readonly maxHistoryPackets: number;
  /** Latest arrivals that throughput is measured over. */
  readonly throughputUs: number;
  /** A power of two. */
  readonly maxThroughputPackets: number;

  /** Packets sent within this time are one group. GCC section 5.2, burst_time. */
  readonly burstUs: number;
  /** Groups the delay's slope is fitted to. */
  readonly trendGroups: number;
  /** First threshold of the slope, scaled as libwebrtc does, in milliseconds. GCC section 5.4, del_var_th(0). */
  readonly startThresholdMs: number;
  /** Overuse must last so long. GCC section 5.4, overuse_time_th. */
  readonly overuseUs: number;
  /** Delay that rises by this much over at least two groups without a fall is overuse at once. */
  readonly suddenRiseUs: number;
  /** More delay than this over the path's own is a standing queue, in which nothing grows. */
  readonly standingQueueUs: number;
  /** A standing queue that lasts for so long is overuse. */
  readonly standingUs: number;

  /** Share of the throughput that is kept after overuse. GCC section 5.5, beta. */
  readonly backoff: number;
  /** Growth per second far from the known capacity. GCC section 5.5, eta. */
  readonly growth: number;
  /** Nothing grows over this many times what arrives. GCC section 5.5. */
  readonly applicationFactor: number;

  /** Loss up to here lets a rate grow. GCC section 6. */
  readonly lowLoss: number;
  /** Loss from here on makes it fall. GCC section 6. */
  readonly highLoss: number;
  /** More loss than this is answered with what still arrives. */
  readonly severeLoss: number;
  /** Shortest time between two falls for loss; a round trip is added. */
  readonly lossGapUs: number;

  /** Packets were sent and no feedback came for so long: the estimate falls each second. */
  readonly silenceUs: number;
  readonly silenceFactor: number;
  /** REMB counts for so long. */
  readonly rembFreshUs: number;

  /** The pacer's rate in multiples of the estimate. */
  readonly pacingFactor: number;
  /** The same while packets queue in the link. */
  readonly drainFactor: number;

  readonly minProbePackets: number;
  readonly minProbeBytes: number;
  /** Length of a probe; more while delays vary, up to `maxProbeUs`. */
  readonly minProbeUs: number;
  readonly maxProbeUs: number;
  /** A probe goes up to this many times the estimate. */
  readonly probeFactor: number;
  /** Nothing is probed while the estimate is at least this share of what is wanted. */
  readonly probeSatisfied: number;
  /** A probe that is not sent completely so long after its end is given up. */
  readonly probeExpiresUs: number;
  /** Feedback on a probe is waited for so long. */
  readonly probeAnswerUs: number;
  /** After a success. */
  readonly probeGapUs: number;
  /** What is wanted was found: it is probed once more so much later, unless it is in use by then. */
  readonly probeConfirmUs: number;
  /** After a fall of the estimate what a probe found is checked by so many bytes, at twice the rate of a link enough to empty a bucket of half of them. */
  readonly probeCheckBytes: number;
  readonly maxProbeCheckUs: number;
  /** A fall so soon after a check doubles the next check, up to four times. */
  readonly probeMistakeUs: number;
  /** After a failure or a fall of the estimate; doubles with each failure. */
  readonly probeRetryUs: number;
  readonly maxProbeRetryUs: number;
}

export const defaultBandwidthLimits: BandwidthLimits = {
  startBps: 1_500_000,
  minBps: 30_000,
  maxBps: 30_000_000,
  historyUs: 2_000_000,
  maxHistoryPackets: 16_384,
  throughputUs: 500_000,
  maxThroughputPackets: 4_096,
  burstUs: 5_000,
  trendGroups: 20,
  startThresholdMs: 12.5,
  overuseUs: 10_000,
  suddenRiseUs: 100_000,
  standingQueueUs: 100_000,
  standingUs: 2_000_000,
  backoff: 0.85,
  growth: 0.08,
  applicationFactor: 1.5,
  lowLoss: 0.02,
  highLoss: 0.1,
  severeLoss: 0.25,
  lossGapUs: 300_000,
  silenceUs: 1_500_000,
  silenceFactor: 0.8,
  rembFreshUs: 5_000_000,
  pacingFactor: 2.5,
  drainFactor: 1.2,
  minProbePackets: 5,
  minProbeBytes: 6_000,
  minProbeUs: 20_000,
  maxProbeUs: 100_000,
  probeFactor: 2,
  probeSatisfied: 0.9,
  probeExpiresUs: 500_000,
  probeAnswerUs: 1_000_000,
  probeGapUs: 100_000,
  probeConfirmUs: 300_000,
  probeCheckBytes: 48_000,
  maxProbeCheckUs: 700_000,
  probeMistakeUs: 5_000_000,
  probeRetryUs: 1_000_000,
  maxProbeRetryUs: 3_000_000,
};
