/** Ways to watch that are told apart. */
export const capacityWays = ["webrtc", "http-flv", "ws-flv", "ll-hls", "long-poll", "sse"] as const;
export type CapacityWay = (typeof capacityWays)[number];

/** What seals and sends WebRTC media (`rtc.egress`). */
export const capacityTiers = ["native", "wasm", "node"] as const;
export type CapacityTier = (typeof capacityTiers)[number];

/** What a way to watch takes for one viewer. */
export interface WayCost {
  /** CPU beside what grows with the rate. Microseconds per second. */
  readonly fixedUs: number;
  /** CPU for each Mbit/s of media. Microseconds per second. WebRTC is counted by packets instead. */
  readonly perMbitUs: number;
  /** Kilobytes (1000 bytes) of memory. */
  readonly memoryKb: number;
  /** Bits on the wire by bits of media; WebRTC is counted by packets instead. */
  readonly overhead: number;
}

/** What was measured on one machine. Each figure names its bench; another machine may have its own. */
export interface CapacityConstants {
  /** CPU of one WebRTC packet, whole process, with 100 viewers. Microseconds. */
  readonly packetUs: Readonly<Record<CapacityTier, number>>;
  /** What of it is sealing and sending alone. Microseconds. */
  readonly egressUs: Readonly<Record<CapacityTier, number>>;
  /** The part of it that only the main thread can do. */
  readonly packetMainShare: Readonly<Record<CapacityTier, number>>;
  readonly ways: Readonly<Record<CapacityWay, WayCost>>;
  /** CPU of a stream that is published over RTMP, beside what grows with its rate, and for each Mbit/s. Microseconds per second. */
  readonly streamUs: number;
  readonly streamPerMbitUs: number;
  /** CPU of AAC to Opus for one stream. Microseconds per second. */
  readonly opusUs: number;
  /** WebRTC joins that one core carries in a second. */
  readonly joinsPerCore: number;
  /** The process before anybody came, and one stream beside its media. Megabytes (10^6 bytes). */
  readonly processMb: number;
  readonly streamMb: number;
}

/** Bytes of media in a full packet; those around it: RTP 12, extensions 8, AES-GCM's tag 16, UDP 8, IPv4 20. */
export const packetPayloadBytes = 1142;
export const packetOverheadBytes = 64;
/** Opus packets of 20 ms, and what AAC or Opus takes. */
export const soundPacketsPerSecond = 50;

/** How long media is kept for late viewers, by what needs it. Seconds; `gop`: key frames every two seconds. */
export const keptSeconds = { gop: 2, rtc: 15, http: 24 } as const;

/**
 * Two shared cores of an Intel Xeon at 2.5 GHz, Node 20, whose `node:crypto` is two to three times as slow as others'.
 * `npm run bench -- egress` (egressUs), `-- rtc` (packetUs, joins), `-- cores` (packetMainShare), `-- http` (FLV, publishers), `-- soak` (memory and the other
 * ways); figures in e2e/bench/README.md.
 */
export const measuredConstants: CapacityConstants = {
  packetUs: { native: 6, wasm: 14, node: 36 },
  egressUs: { native: 2.2, wasm: 10, node: 26 },
  packetMainShare: { native: 0.4, wasm: 1, node: 1 },
  ways: {
    webrtc: { fixedUs: 300, perMbitUs: 0, memoryKb: 67, overhead: 1 },
    "http-flv": { fixedUs: 100, perMbitUs: 75, memoryKb: 14, overhead: 1.04 },
    "ws-flv": { fixedUs: 100, perMbitUs: 75, memoryKb: 65, overhead: 1.04 },
    "ll-hls": { fixedUs: 4500, perMbitUs: 200, memoryKb: 33, overhead: 1.06 },
    "long-poll": { fixedUs: 4000, perMbitUs: 200, memoryKb: 62, overhead: 1.06 },
    sse: { fixedUs: 400, perMbitUs: 300, memoryKb: 12, overhead: 1.39 },
  },
  streamUs: 1000,
  streamPerMbitUs: 1300,
  opusUs: 20_000,
  joinsPerCore: 115,
  processMb: 90,
  streamMb: 0.11,
};
