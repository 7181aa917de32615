import {
  codecOf,
  count,
  indexStats,
  milliseconds,
  number,
  type StatsEntry,
  selectedPair,
  text,
} from "./stats-entry.ts";

/** Counters and gauges of one received track, as the browser has them at one moment. */
export interface TrackSample {
  /** `H264`, `opus`, … as negotiated. */
  readonly codec: string | undefined;
  readonly profile: string | undefined;
  readonly decoder: string | undefined;
  readonly bytes: number;
  readonly packets: number;
  readonly lost: number;
  readonly jitterMs: number | undefined;
  /** Sum over all emitted frames or samples of the time spent in the jitter buffer, milliseconds. */
  readonly bufferDelayMs: number;
  readonly bufferEmitted: number;
  readonly framesDecoded: number;
  readonly framesDropped: number;
  readonly freezes: number;
  readonly freezeMs: number;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly nacks: number;
  readonly plis: number;
  readonly sampleRate: number | undefined;
  readonly channels: number | undefined;
  readonly samples: number;
  readonly concealedSamples: number;
  /** 0 to 1. */
  readonly level: number | undefined;
}

/** The ICE candidate pair that carries the media. */
export interface IcePath {
  /** `host`, `srflx`, `prflx` or `relay`. */
  readonly local: string;
  readonly remote: string;
  /** `udp` or `tcp`. */
  readonly protocol: string;
  readonly relayed: boolean;
}

export interface StatsSample {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  readonly video: TrackSample | undefined;
  readonly audio: TrackSample | undefined;
  readonly rttMs: number | undefined;
  readonly path: IcePath | undefined;
}

/** Picks what the player shows out of an `RTCStatsReport` (W3C webrtc-stats). */
export function readStats(report: Iterable<StatsEntry>, atMs: number): StatsSample {
  const byId = indexStats(report);
  const entries = [...byId.values()];
  const inbound = (kind: string) =>
    entries.find((entry) => entry["type"] === "inbound-rtp" && entry["kind"] === kind);
  const pair = selectedPair(entries, byId);
  const video = inbound("video");
  const audio = inbound("audio");
  return {
    atMs,
    video: video && trackSample(video, byId),
    audio: audio && trackSample(audio, byId),
    rttMs: pair && milliseconds(pair["currentRoundTripTime"]),
    path: pair && icePath(pair, byId),
  };
}

function icePath(pair: StatsEntry, byId: ReadonlyMap<string, StatsEntry>): IcePath | undefined {
  const local = byId.get(String(pair["localCandidateId"]));
  const remote = byId.get(String(pair["remoteCandidateId"]));
  if (local === undefined || remote === undefined) return undefined;
  const localType = text(local["candidateType"]) ?? "unknown";
  const remoteType = text(remote["candidateType"]) ?? "unknown";
  return {
    local: localType,
    remote: remoteType,
    protocol: text(local["relayProtocol"]) ?? text(local["protocol"]) ?? "udp",
    relayed: localType === "relay" || remoteType === "relay",
  };
}

function trackSample(entry: StatsEntry, byId: ReadonlyMap<string, StatsEntry>): TrackSample {
  const codec = byId.get(String(entry["codecId"]));
  return {
    codec: codecOf(entry, byId),
    profile: text(codec?.["sdpFmtpLine"])?.match(/profile-level-id=([0-9a-fA-F]{6})/)?.[1],
    decoder: text(entry["decoderImplementation"]),
    bytes: count(entry["bytesReceived"]),
    packets: count(entry["packetsReceived"]),
    lost: count(entry["packetsLost"]),
    jitterMs: milliseconds(entry["jitter"]),
    bufferDelayMs: count(entry["jitterBufferDelay"]) * 1000,
    bufferEmitted: count(entry["jitterBufferEmittedCount"]),
    framesDecoded: count(entry["framesDecoded"]),
    framesDropped: count(entry["framesDropped"]),
    freezes: count(entry["freezeCount"]),
    freezeMs: count(entry["totalFreezesDuration"]) * 1000,
    width: number(entry["frameWidth"]),
    height: number(entry["frameHeight"]),
    nacks: count(entry["nackCount"]),
    plis: count(entry["pliCount"]),
    sampleRate: number(codec?.["clockRate"]),
    channels: number(codec?.["channels"]),
    samples: count(entry["totalSamplesReceived"]),
    concealedSamples: count(entry["concealedSamples"]),
    level: number(entry["audioLevel"]),
  };
}
