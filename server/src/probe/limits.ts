import type { Rate } from "@millrace/signaling/gate";

/** Limits of everything that browsers measure against. An address is an IPv4 address or an IPv6 /64. */
export interface ProbeLimits {
  /** Peers at once; further ones are refused with `PROBES_FULL`. */
  readonly maxPeers: number;
  readonly maxPeersPerAddress: number;
  /** How long a peer may live. */
  readonly peerLifeMs: number;
  /** Timed answers at once; further ones are refused with `PROBES_FULL`. */
  readonly maxAnswers: number;
  readonly maxAnswersPerAddress: number;
  /** How many pieces a timed answer has, and how far they are apart. */
  readonly beats: number;
  readonly beatMs: number;
  /** Bytes of each piece of `/doctor/bytes`, about what a stream has in that time. */
  readonly beatBytes: number;
  /** Requests of one address. */
  readonly requests: Rate;
  /** An offer, in bytes. */
  readonly maxSdpBytes: number;
  readonly bodyTimeoutMs: number;
  readonly maxTokenLength: number;
}

export const defaultProbeLimits: ProbeLimits = {
  maxPeers: 64,
  maxPeersPerAddress: 8,
  peerLifeMs: 20_000,
  maxAnswers: 128,
  maxAnswersPerAddress: 8,
  beats: 10,
  beatMs: 250,
  beatBytes: 16_384,
  requests: { perSecond: 5, burst: 60 },
  maxSdpBytes: 65_536,
  bodyTimeoutMs: 10_000,
  maxTokenLength: 4096,
};
