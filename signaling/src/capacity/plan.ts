import { type CapacityTier, type CapacityWay, capacityWays } from "./constants.ts";

/** One quality of every stream: what its publisher sends of it, and the part of the viewers who watch it. */
export interface CapacityQuality {
  /** Bits of media in a second, sound included. */
  readonly bitrateBps: number;
  /** Weight among the qualities; 0: published, but watched by nobody. */
  readonly share: number;
}

/** What is asked. */
export interface CapacityPlan {
  /** One: a stream with one bit rate; more: simulcast. */
  readonly qualities: readonly CapacityQuality[];
  /** Published at once. */
  readonly streams: number;
  /** Of all streams together. */
  readonly viewers: Readonly<Record<CapacityWay, number>>;
  readonly picturesPerSecond: number;
  /** Whether sound has to be turned from AAC into Opus for WebRTC. */
  readonly transcodesSound: boolean;
  /** WebRTC viewers who come in a second. */
  readonly joinsPerSecond: number;
  /** Seconds of every stream and quality that are kept on disk. */
  readonly recordedSeconds: number;
}

/** What there is. */
export interface CapacityMachine {
  readonly cores: number;
  /** Megabytes (10^6 bytes). */
  readonly memoryMb: number;
  /** Each way. */
  readonly networkBps: number;
  readonly tier: CapacityTier;
}

/** What the configuration allows. */
export interface CapacitySettings {
  readonly maxStreams: number;
  readonly maxViewersPerStream: number;
  readonly maxRtcPeers: number;
  readonly maxHttpConnections: number;
}

export const defaultCapacitySettings: CapacitySettings = {
  maxStreams: 1000,
  maxViewersPerStream: 5000,
  maxRtcPeers: 5000,
  maxHttpConnections: 10_000,
};

export const defaultCapacityPlan: CapacityPlan = {
  qualities: [{ bitrateBps: 2_500_000, share: 1 }],
  streams: 1,
  viewers: {
    webrtc: 100,
    "http-flv": 0,
    "ws-flv": 0,
    "ll-hls": 0,
    "long-poll": 0,
    sse: 0,
  },
  picturesPerSecond: 30,
  transcodesSound: true,
  joinsPerSecond: 0,
  recordedSeconds: 0,
};

export const defaultCapacityMachine: CapacityMachine = {
  cores: 2,
  memoryMb: 4000,
  networkBps: 1_000_000_000,
  tier: "native",
};

export function viewersOf({ viewers }: CapacityPlan): number {
  return capacityWays.reduce((sum, way) => sum + viewers[way], 0);
}

/** Bits of media in a second that a viewer is sent in the mean; the first quality when no share is set. */
export function watchedBps({ qualities }: CapacityPlan): number {
  const shares = qualities.reduce((sum, { share }) => sum + share, 0);
  if (shares <= 0) return qualities[0]?.bitrateBps ?? 0;
  return qualities.reduce((sum, { bitrateBps, share }) => sum + bitrateBps * share, 0) / shares;
}

/** Bits of media in a second that one publisher sends. */
export function publishedBps({ qualities }: CapacityPlan): number {
  return qualities.reduce((sum, { bitrateBps }) => sum + bitrateBps, 0);
}
