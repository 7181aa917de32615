import {
  type CapacityConstants,
  type CapacityTier,
  type CapacityWay,
  capacityWays,
  keptSeconds,
  packetOverheadBytes,
  packetPayloadBytes,
  soundPacketsPerSecond,
} from "./constants.ts";
import { type CapacityPlan, publishedBps, watchedBps } from "./plan.ts";

/** What a plan takes. */
export interface CapacityDemand {
  /** CPU seconds in a second, by what takes them. */
  readonly cpu: {
    readonly viewers: Readonly<Record<CapacityWay, number>>;
    readonly streams: number;
    readonly transcoding: number;
    readonly joins: number;
  };
  /** All of them. */
  readonly cores: number;
  /** The part that one thread does, however many cores there are: everything but transcoding and the native egress's threads. */
  readonly mainCores: number;
  /** Megabytes (10^6 bytes), by what takes them. */
  readonly memory: {
    readonly process: number;
    readonly streams: number;
    readonly viewers: number;
  };
  readonly memoryMb: number;
  /** On the wire. */
  readonly inBps: number;
  readonly outBps: number;
  /** RTP packets to WebRTC viewers in a second. */
  readonly packetsPerSecond: number;
  /** Bytes on disk. */
  readonly storageBytes: number;
}

/**
 * Packets to one WebRTC viewer in a second: full ones for the media, half a one for the rest of each picture, and sound.
 */
export function rtcPacketsPerSecond(bitrateBps: number, picturesPerSecond: number): number {
  return bitrateBps / 8 / packetPayloadBytes + picturesPerSecond / 2 + soundPacketsPerSecond;
}

/** What `plan` takes on a machine with those constants. Every part is linear in streams and in viewers of a way. */
export function demandOf(
  plan: CapacityPlan,
  tier: CapacityTier,
  constants: CapacityConstants,
): CapacityDemand {
  const { streams, viewers } = plan;
  const inMedia = streams * publishedBps(plan);
  const viewerBps = watchedBps(plan);
  const viewerPackets = rtcPacketsPerSecond(viewerBps, plan.picturesPerSecond);
  const cpuOf = (way: CapacityWay): number => {
    const { fixedUs, perMbitUs } = constants.ways[way];
    const perPacket = way === "webrtc" ? viewerPackets * constants.packetUs[tier] : 0;
    return (viewers[way] * (fixedUs + (perMbitUs * viewerBps) / 1e6 + perPacket)) / 1e6;
  };
  const wireBps = (way: CapacityWay): number =>
    way === "webrtc"
      ? viewerBps + viewerPackets * packetOverheadBytes * 8
      : viewerBps * constants.ways[way].overhead;
  const sum = (of: (way: CapacityWay) => number): number =>
    capacityWays.reduce((total, way) => total + of(way), 0);
  const cpu = {
    viewers: Object.fromEntries(capacityWays.map((way) => [way, cpuOf(way)])) as Record<
      CapacityWay,
      number
    >,
    streams: (streams * constants.streamUs + (inMedia / 1e6) * constants.streamPerMbitUs) / 1e6,
    transcoding:
      plan.transcodesSound && viewers.webrtc > 0 ? (streams * constants.opusUs) / 1e6 : 0,
    joins: plan.joinsPerSecond / constants.joinsPerCore,
  };
  const memory = {
    process: constants.processMb,
    streams: streams * constants.streamMb + (inMedia * keptFor(plan)) / 8 / 1e6,
    viewers: sum((way) => (viewers[way] * constants.ways[way].memoryKb) / 1000),
  };
  const cores = sum((way) => cpu.viewers[way]) + cpu.streams + cpu.transcoding + cpu.joins;
  const packetsPerSecond = viewers.webrtc * viewerPackets;
  const elsewhere =
    (packetsPerSecond * constants.packetUs[tier] * (1 - constants.packetMainShare[tier])) / 1e6;
  return {
    cpu,
    cores,
    mainCores: cores - cpu.transcoding - elsewhere,
    memory,
    memoryMb: memory.process + memory.streams + memory.viewers,
    // Encoders send over TCP.
    inBps: inMedia * constants.ways["http-flv"].overhead,
    outBps: sum((way) => viewers[way] * wireBps(way)),
    packetsPerSecond,
    storageBytes: (inMedia * plan.recordedSeconds) / 8,
  };
}

/** Seconds of media that a stream keeps: what late viewers start with, and what each kind of output does. */
function keptFor({ viewers }: CapacityPlan): number {
  const http = viewers["ll-hls"] + viewers["long-poll"] + viewers.sse;
  return (
    keptSeconds.gop + (viewers.webrtc > 0 ? keptSeconds.rtc : 0) + (http > 0 ? keptSeconds.http : 0)
  );
}
