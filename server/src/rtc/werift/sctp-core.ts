import type { ChunkBytes, SctpDataChunk } from "./sctp-write.ts";

/** werift's numbers for the states of an association that matter here. */
export const CoreState = { closed: 1, established: 4 } as const;

/**
 * The insides of werift's SCTP class of the pinned version that we use: its handshake, its congestion control
 * and its sending. What it reads, how it puts messages together, and how it gives them up is replaced.
 */
export interface SctpCore {
  associationState: number;
  advertisedRwnd: number;
  /** Negotiated numbers of streams are limited by these. */
  _inboundStreamsMax: number;
  _outboundStreamsCount: number;
  localVerificationTag: number;
  /** Next number of ours. */
  localTsn: number;
  lastSackedTsn: number;
  advancedPeerAckTsn: number;
  peerAdvertisedRwnd: number;
  readonly maxPayloadSize: number;
  outboundQueue: SctpDataChunk[];
  sentQueue: SctpDataChunk[];
  forwardTsnChunk: ChunkBytes | undefined;
  flightSize: number;
  cwnd: number;
  ssthresh: number | undefined;
  partialBytesAcked: number;
  fastRecoveryExit: number | undefined;
  /** Seconds. */
  rto: number;
  srtt: number | undefined;
  rttvar: number | undefined;
  timer3Handle: NodeJS.Timeout | undefined;

  readonly flush: { subscribe(callback: () => void): unknown; allUnsubscribe(): void };
  onSackReceived: () => Promise<void>;

  start(remotePort: number): Promise<void>;
  setState(state: number): void;
  receiveChunk(chunk: object): Promise<void>;
  sendChunk(chunk: ChunkBytes): Promise<void>;
  transmit(): Promise<void>;

  timer3Start(): void;
  timer3Restart(): void;
  heartbeatStart(): void;
  timer3Expired: () => void;
  updateRto(seconds: number): void;
  flightSizeIncrease(chunk: SctpDataChunk): void;
  flightSizeDecrease(chunk: SctpDataChunk): void;
  maybeAbandon(chunk: SctpDataChunk): boolean;
  updateAdvancedPeerAckPoint(): void;
}

const NUMBERS: readonly (keyof SctpCore)[] = [
  "associationState",
  "advertisedRwnd",
  "_inboundStreamsMax",
  "_outboundStreamsCount",
  "localVerificationTag",
  "localTsn",
  "lastSackedTsn",
  "advancedPeerAckTsn",
  "peerAdvertisedRwnd",
  "maxPayloadSize",
  "flightSize",
  "cwnd",
  "partialBytesAcked",
  "rto",
];
const FUNCTIONS: readonly (keyof SctpCore)[] = [
  "onSackReceived",
  "start",
  "setState",
  "receiveChunk",
  "sendChunk",
  "transmit",
  "timer3Start",
  "timer3Restart",
  "heartbeatStart",
  "timer3Expired",
  "updateRto",
  "flightSizeIncrease",
  "flightSizeDecrease",
  "maybeAbandon",
  "updateAdvancedPeerAckPoint",
];

/** Names of what we use of werift's SCTP that is not there, or not what it was; empty when all is well. */
export function missingOfCore(core: object): string[] {
  const known = core as Partial<Record<keyof SctpCore, unknown>>;
  return [
    ...NUMBERS.filter((name) => typeof known[name] !== "number"),
    ...FUNCTIONS.filter((name) => typeof known[name] !== "function"),
    ...(["outboundQueue", "sentQueue"] as const).filter((name) => !Array.isArray(known[name])),
    ...(typeof known.flush === "object" ? [] : ["flush"]),
  ];
}
