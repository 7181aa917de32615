import type { MediaStats } from "../player/stats-delta.ts";
import {
  codecName,
  formatBitrate,
  formatDuration,
  formatShare,
  h264ProfileName,
  unknownFigure,
} from "./figures.ts";

/** One line of the statistics panel; `id` is stable. */
export interface StatsRow {
  readonly id: string;
  readonly label: string;
  readonly value: string;
}

export interface StatsPicture {
  readonly stats: MediaStats | undefined;
  readonly latencyMs: number | undefined;
  readonly transport: string | undefined;
  /** Which layer of a simulcast stream is shown, in words; undefined for other streams. */
  readonly layer: string | undefined;
}

/** What the panel shows; always the same lines, so that the panel does not jump. */
export function statsRows(picture: StatsPicture): readonly StatsRow[] {
  const { stats } = picture;
  const { video, audio, path } = stats ?? {};
  const lost = (video?.packetsLost ?? 0) + (audio?.packetsLost ?? 0);
  return [
    row("latency", "Latency", formatDuration(picture.latencyMs)),
    row("resolution", "Picture", pictureText(video)),
    row("layer", "Layer", picture.layer ?? unknownFigure),
    row("video-codec", "Video", videoText(video)),
    row("audio-codec", "Sound", soundText(audio)),
    row("bitrate", "Bit rate", formatBitrate(stats?.bitrateBps)),
    row("jitter-buffer", "Jitter buffer", buffersText(stats)),
    row("jitter", "Jitter", formatDuration(video?.jitterMs ?? audio?.jitterMs)),
    row(
      "lost",
      "Packets lost",
      stats ? `${lost} (${formatShare(lossRatio(stats))} now)` : unknownFigure,
    ),
    row("freezes", "Freezes", video ? freezesText(video.freezes, video.freezeMs) : unknownFigure),
    row("dropped", "Frames dropped", video ? String(video.framesDropped) : unknownFigure),
    row("rtt", "Round trip", formatDuration(stats?.rttMs)),
    row(
      "path",
      "Path",
      path ? `${path.local} → ${path.remote}, ${path.protocol.toUpperCase()}` : unknownFigure,
    ),
    row("transport", "Transport", picture.transport ?? unknownFigure),
  ];
}

function row(id: string, label: string, value: string): StatsRow {
  return { id, label, value };
}

function pictureText(video: MediaStats["video"]): string {
  if (video?.width === undefined || video.height === undefined) return unknownFigure;
  const rate = video.frameRate === undefined ? "" : ` · ${Math.round(video.frameRate)} fps`;
  return `${video.width} × ${video.height}${rate}`;
}

function videoText(video: MediaStats["video"]): string {
  if (video?.codec === undefined) return unknownFigure;
  const profile =
    video.codec.toLowerCase() === "h264" && video.profile !== undefined
      ? ` ${h264ProfileName(video.profile)}`
      : "";
  return codecName(video.codec) + profile;
}

function soundText(audio: MediaStats["audio"]): string {
  if (audio?.codec === undefined) return unknownFigure;
  const rate = audio.sampleRate === undefined ? "" : ` ${audio.sampleRate / 1000} kHz`;
  // Ways that carry sound and picture together count them together.
  const bitrate = audio.bitrateBps ? ` · ${formatBitrate(audio.bitrateBps)}` : "";
  return `${codecName(audio.codec)}${rate}${bitrate}`;
}

function buffersText(stats: MediaStats | undefined): string {
  const video = formatDuration(stats?.video?.jitterBufferMs);
  const audio = formatDuration(stats?.audio?.jitterBufferMs);
  if (stats?.audio === undefined) return video;
  return stats.video === undefined ? audio : `${video} · sound ${audio}`;
}

function lossRatio(stats: MediaStats): number | undefined {
  const ratios = [stats.video?.lossRatio, stats.audio?.lossRatio].filter(
    (ratio) => ratio !== undefined,
  );
  return ratios.length === 0 ? undefined : Math.max(...ratios);
}

function freezesText(count: number, ms: number): string {
  return count === 0 ? "none" : `${count} (${formatDuration(ms)})`;
}
