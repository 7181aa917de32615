import {
  codecOf,
  count,
  indexStats,
  milliseconds,
  number,
  type StatsEntry,
  selectedPair,
  text,
} from "../player/stats-entry.ts";

/** Why the browser sends less than it was asked for (W3C webrtc-stats, RTCQualityLimitationReason). */
export type Limitation = "none" | "cpu" | "bandwidth" | "other";

/** Counters and gauges of one sent encoding, as the browser has them at one moment. */
export interface LayerSample {
  /** Undefined without simulcast. */
  readonly rid: string | undefined;
  readonly active: boolean;
  readonly bytes: number;
  readonly packets: number;
  readonly retransmittedBytes: number;
  readonly frames: number;
  readonly encodeMs: number;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly targetBps: number | undefined;
  readonly limitation: Limitation;
  readonly encoder: string | undefined;
  readonly keyFrames: number;
  readonly nacks: number;
  readonly plis: number;
  /** What the server reported about this encoding last. */
  readonly remote: RemoteSample | undefined;
}

/** A receiver report. */
export interface RemoteSample {
  readonly lost: number;
  /** Share lost since the report before, 0 to 1. */
  readonly fractionLost: number | undefined;
  readonly rttMs: number | undefined;
  readonly jitterMs: number | undefined;
}

export interface SentVideoSample {
  readonly codec: string | undefined;
  readonly layers: readonly LayerSample[];
  /** Frames a second that the camera or screen gives. */
  readonly sourceFrameRate: number | undefined;
}

export interface SentAudioSample {
  readonly codec: string | undefined;
  readonly channels: number | undefined;
  readonly bytes: number;
  readonly packets: number;
  readonly remote: RemoteSample | undefined;
}

export interface SendSample {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  readonly video: SentVideoSample | undefined;
  readonly audio: SentAudioSample | undefined;
  readonly rttMs: number | undefined;
  /** What the browser believes that the way can carry, bits a second. */
  readonly availableBps: number | undefined;
  /** `udp` or `tcp`, and whether a relay is between. */
  readonly path: { readonly protocol: string; readonly relayed: boolean } | undefined;
}

/** Picks what the publisher shows out of an `RTCStatsReport` (W3C webrtc-stats). `rids` gives the order of the layers. */
export function readSendStats(
  report: Iterable<StatsEntry>,
  atMs: number,
  rids: readonly (string | undefined)[],
): SendSample {
  const byId = indexStats(report);
  const entries = [...byId.values()];
  const outbound = (kind: string) =>
    entries.filter((entry) => entry["type"] === "outbound-rtp" && entry["kind"] === kind);
  const pair = selectedPair(entries, byId);
  const videos = outbound("video");
  const audio = outbound("audio")[0];
  return {
    atMs,
    video: videos.length === 0 ? undefined : videoSample(videos, byId, rids),
    audio: audio && {
      codec: codecOf(audio, byId),
      channels: number(byId.get(String(audio["codecId"]))?.["channels"]),
      bytes: count(audio["bytesSent"]),
      packets: count(audio["packetsSent"]),
      remote: remoteOf(audio, byId),
    },
    rttMs: pair && milliseconds(pair["currentRoundTripTime"]),
    availableBps: number(pair?.["availableOutgoingBitrate"]),
    path: pair && pathOf(pair, byId),
  };
}

function videoSample(
  videos: readonly StatsEntry[],
  byId: ReadonlyMap<string, StatsEntry>,
  rids: readonly (string | undefined)[],
): SentVideoSample {
  const layers = videos.map((entry) => layerSample(entry, byId));
  const rank = ({ rid }: LayerSample) => {
    const index = rids.indexOf(rid);
    return index < 0 ? rids.length : index;
  };
  layers.sort((a, b) => rank(a) - rank(b));
  const source = byId.get(String(videos[0]?.["mediaSourceId"]));
  return {
    codec: videos.map((entry) => codecOf(entry, byId)).find((codec) => codec !== undefined),
    layers,
    sourceFrameRate: number(source?.["framesPerSecond"]),
  };
}

function layerSample(entry: StatsEntry, byId: ReadonlyMap<string, StatsEntry>): LayerSample {
  return {
    rid: text(entry["rid"]),
    active: entry["active"] !== false,
    bytes: count(entry["bytesSent"]),
    packets: count(entry["packetsSent"]),
    retransmittedBytes: count(entry["retransmittedBytesSent"]),
    frames: count(entry["framesEncoded"]),
    encodeMs: count(entry["totalEncodeTime"]) * 1000,
    width: number(entry["frameWidth"]),
    height: number(entry["frameHeight"]),
    targetBps: number(entry["targetBitrate"]),
    limitation: limitationOf(entry["qualityLimitationReason"]),
    encoder: text(entry["encoderImplementation"]),
    keyFrames: count(entry["keyFramesEncoded"]),
    nacks: count(entry["nackCount"]),
    plis: count(entry["pliCount"]) + count(entry["firCount"]),
    remote: remoteOf(entry, byId),
  };
}

function remoteOf(
  entry: StatsEntry,
  byId: ReadonlyMap<string, StatsEntry>,
): RemoteSample | undefined {
  const remote = byId.get(String(entry["remoteId"]));
  if (remote === undefined) return undefined;
  return {
    lost: count(remote["packetsLost"]),
    fractionLost: number(remote["fractionLost"]),
    rttMs: milliseconds(remote["roundTripTime"]),
    jitterMs: milliseconds(remote["jitter"]),
  };
}

function pathOf(pair: StatsEntry, byId: ReadonlyMap<string, StatsEntry>): SendSample["path"] {
  const local = byId.get(String(pair["localCandidateId"]));
  if (local === undefined) return undefined;
  return {
    protocol: text(local["relayProtocol"]) ?? text(local["protocol"]) ?? "udp",
    relayed: local["candidateType"] === "relay",
  };
}

function limitationOf(value: unknown): Limitation {
  return value === "cpu" || value === "bandwidth" || value === "other" ? value : "none";
}
