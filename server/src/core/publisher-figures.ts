import type { MediaKind } from "@millrace/media/frame";
import type { PublisherFigures, PublisherTrackFigures } from "./figures.ts";
import type { FrameMeter } from "./frame-meter.ts";
import type { PublisherInfo } from "./publisher.ts";
import type { SourceClock } from "./source-clock.ts";
import type { Stream } from "./stream.ts";
import type { Track } from "./track.ts";
import { frameRateOf, trackBitrateBps } from "./track-rates.ts";

/** Where the figures of one publisher come from. */
export interface FigureSources {
  readonly stream: Stream;
  readonly info: PublisherInfo;
  readonly clock: SourceClock;
  readonly meters: Readonly<Record<MediaKind, FrameMeter>>;
  /** What it calls itself in its media. */
  readonly encoder: string | undefined;
}

/** What is known of one publisher at this moment: what core sees of its media, and what its transport tells of the way here. */
export function publisherFigures(sources: FigureSources): PublisherFigures {
  const { clock, info, meters, stream } = sources;
  const told = info.stats?.() ?? {};
  const tracks = stream.tracks.map((track) => trackFigures(track, meters[track.kind], told));
  const video = tracks.find(({ kind }) => kind === "video");
  const encoder = sources.encoder ?? told.encoder ?? info.userAgent;
  const received = tracks.reduce((sum, track) => sum + track.framesReceived, 0);
  return {
    bitrateBps: tracks.reduce((sum, track) => sum + track.bitrateBps, 0),
    ...(video?.frameRate === undefined ? {} : { frameRate: video.frameRate }),
    ...(video?.keyIntervalMs === undefined ? {} : { keyIntervalMs: video.keyIntervalMs }),
    ...(video?.bFrames === undefined ? {} : { bFrames: video.bFrames }),
    jitterMs: (video ?? tracks[0])?.jitterMs,
    clockDriftPpm: clock.drift.ppm,
    timelineJumps: clock.reanchored,
    framesReceived: received,
    ...told,
    ...(encoder === undefined ? {} : { encoder }),
    tracks,
  };
}

function trackFigures(
  track: Track,
  meter: FrameMeter,
  told: PublisherFigures,
): PublisherTrackFigures {
  const { kind, info, keyIntervalUs, packets, reorders } = track;
  const frameRate = frameRateOf(track);
  const ofTransport = told.tracks?.find((other) => other.kind === kind);
  const own = { framesReceived: meter.frames, jitterMs: tenths(meter.jitterUs / 1000) };
  return {
    kind,
    codec: info.codecString,
    bitrateBps: Math.round(trackBitrateBps(track)),
    ...(frameRate === undefined ? {} : { frameRate: tenths(frameRate) }),
    ...(kind === "audio" || keyIntervalUs === undefined || packets !== undefined
      ? {}
      : { keyIntervalMs: Math.round(keyIntervalUs / 1000) }),
    ...(kind === "audio" || reorders === undefined ? {} : { bFrames: reorders }),
    ...own,
    ...ofTransport,
  };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
