import type { IcePath, StatsSample, TrackSample } from "./stats.ts";

/** What all received tracks have. Rates are over the span between two samples, counts since the join. */
export interface TrackStats {
  readonly codec: string | undefined;
  readonly bitrateBps: number | undefined;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  /** Share of packets lost in the span, 0 to 1. */
  readonly lossRatio: number | undefined;
  readonly jitterMs: number | undefined;
  /** Mean time that media spent in the jitter buffer during the span. */
  readonly jitterBufferMs: number | undefined;
}

export interface VideoStats extends TrackStats {
  /** H.264 profile-level-id as six hex digits. */
  readonly profile: string | undefined;
  readonly decoder: string | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** Decoded frames per second. */
  readonly frameRate: number | undefined;
  readonly framesDecoded: number;
  readonly framesDropped: number;
  readonly freezes: number;
  readonly freezeMs: number;
  readonly nacks: number;
  readonly plis: number;
}

export interface AudioStats extends TrackStats {
  readonly sampleRate: number | undefined;
  readonly channels: number | undefined;
  /** 0 to 1. */
  readonly level: number | undefined;
  /** Share of samples that were made up because packets were missing, 0 to 1. */
  readonly concealedRatio: number | undefined;
}

/** Rates between two samples of one session. */
export interface MediaStats {
  readonly video: VideoStats | undefined;
  readonly audio: AudioStats | undefined;
  readonly bitrateBps: number | undefined;
  readonly rttMs: number | undefined;
  readonly path: IcePath | undefined;
}

/** What there is to tell without a session. */
export const noStats: MediaStats = {
  video: undefined,
  audio: undefined,
  bitrateBps: undefined,
  rttMs: undefined,
  path: undefined,
};

/** Figures of `next`, with rates since `previous`; without a previous sample of the same session rates are undefined. */
export function statsBetween(previous: StatsSample | undefined, next: StatsSample): MediaStats {
  const spanMs = previous === undefined ? 0 : next.atMs - previous.atMs;
  const video = next.video && videoStats(previous?.video, next.video, spanMs);
  const audio = next.audio && audioStats(previous?.audio, next.audio, spanMs);
  const rates = [video?.bitrateBps, audio?.bitrateBps].filter((rate) => rate !== undefined);
  return {
    video,
    audio,
    bitrateBps: rates.length === 0 ? undefined : rates.reduce((sum, rate) => sum + rate, 0),
    rttMs: next.rttMs,
    path: next.path,
  };
}

/** Whether media arrived between two samples; `video` asks for decoded pictures, not for packets only. */
export function hasProgress(
  previous: StatsSample | undefined,
  next: StatsSample,
  video: boolean,
): boolean {
  if (video) return (next.video?.framesDecoded ?? 0) > (previous?.video?.framesDecoded ?? 0);
  return (next.audio?.packets ?? 0) > (previous?.audio?.packets ?? 0);
}

function videoStats(before: TrackSample | undefined, now: TrackSample, spanMs: number): VideoStats {
  return {
    ...trackStats(before, now, spanMs),
    profile: now.profile,
    decoder: now.decoder,
    width: now.width,
    height: now.height,
    frameRate: perSecond(before?.framesDecoded, now.framesDecoded, spanMs),
    framesDecoded: now.framesDecoded,
    framesDropped: now.framesDropped,
    freezes: now.freezes,
    freezeMs: now.freezeMs,
    nacks: now.nacks,
    plis: now.plis,
  };
}

function audioStats(before: TrackSample | undefined, now: TrackSample, spanMs: number): AudioStats {
  return {
    ...trackStats(before, now, spanMs),
    sampleRate: now.sampleRate,
    channels: now.channels,
    level: now.level,
    concealedRatio:
      before && share(now.concealedSamples - before.concealedSamples, now.samples - before.samples),
  };
}

function trackStats(before: TrackSample | undefined, now: TrackSample, spanMs: number): TrackStats {
  const bytesPerSecond = perSecond(before?.bytes, now.bytes, spanMs);
  const lost = before && Math.max(0, now.lost - before.lost);
  return {
    codec: now.codec,
    bitrateBps: bytesPerSecond === undefined ? undefined : bytesPerSecond * 8,
    packetsReceived: now.packets,
    packetsLost: now.lost,
    lossRatio:
      before && lost !== undefined ? share(lost, lost + now.packets - before.packets) : undefined,
    jitterMs: now.jitterMs,
    jitterBufferMs:
      before &&
      share(now.bufferDelayMs - before.bufferDelayMs, now.bufferEmitted - before.bufferEmitted),
  };
}

/** Undefined when the counter went back: the samples are of two sessions. */
function perSecond(before: number | undefined, now: number, spanMs: number): number | undefined {
  if (before === undefined || spanMs <= 0 || now < before) return undefined;
  return ((now - before) / spanMs) * 1000;
}

function share(part: number, whole: number): number | undefined {
  return whole > 0 && part >= 0 ? part / whole : undefined;
}
