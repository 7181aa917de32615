import type { Limitation } from "../publisher/send-stats.ts";
import type { LayerStats, SendStats } from "../publisher/send-stats-delta.ts";
import {
  codecName,
  formatBitrate,
  formatDuration,
  formatShare,
  unknownFigure,
} from "../ui/figures.ts";

/** One figure of the board; `id` is stable. */
export interface Figure {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  /** Smaller, below the value. */
  readonly note: string;
  /** Worth a look. */
  readonly bad: boolean;
}

/** One line of the table of layers. */
export interface LayerRow {
  readonly id: string;
  readonly name: string;
  readonly picture: string;
  readonly frames: string;
  readonly bitrate: string;
  readonly state: string;
  readonly sending: boolean;
}

const limitTexts: Readonly<Record<Limitation, string>> = {
  none: "nothing",
  cpu: "this computer",
  bandwidth: "the connection",
  other: "the browser",
};

/** From here on a share of lost packets is worth a look. */
const badLoss = 0.03;
const badRttMs = 300;

/** What the board shows; always the same figures, so that it does not jump. */
export function boardFigures(stats: SendStats | undefined): readonly Figure[] {
  const video = stats?.video;
  const limitation = video?.limitation;
  return [
    figure("bitrate", "Bit rate", formatBitrate(stats?.bitrateBps), availableText(stats)),
    figure(
      "picture",
      "Picture",
      sizeText(video?.width, video?.height),
      video?.frameRate === undefined ? "" : `${Math.round(video.frameRate)} frames a second`,
    ),
    figure(
      "limited",
      "Limited by",
      limitation === undefined ? unknownFigure : limitTexts[limitation],
      "",
      limitation === "cpu" || limitation === "bandwidth",
    ),
    figure(
      "loss",
      "Lost on the way",
      formatShare(stats?.lossRatio),
      stats === undefined ? "" : `${stats.packetsLost} packets in all`,
      (stats?.lossRatio ?? 0) > badLoss,
    ),
    figure(
      "rtt",
      "Round trip",
      formatDuration(stats?.rttMs),
      pathText(stats?.path),
      (stats?.rttMs ?? 0) > badRttMs,
    ),
    figure("codecs", "Formats", codecsText(stats), encoderText(video?.encoder)),
  ];
}

/** The lines of the table of layers, the largest first; empty without simulcast. */
export function layerRows(stats: SendStats | undefined): readonly LayerRow[] {
  const layers = stats?.video?.layers ?? [];
  if (layers.length < 2) return [];
  return layers.map(layerRow).reverse();
}

function layerRow(layer: LayerStats, index: number, all: readonly LayerStats[]): LayerRow {
  const names = all.length === 3 ? ["Small", "Middle", "Large"] : ["Small", "Large"];
  const { sending } = layer;
  return {
    id: layer.rid ?? String(index),
    name: names[index] ?? layer.rid ?? String(index + 1),
    picture: sending ? sizeText(layer.width, layer.height) : unknownFigure,
    frames:
      sending && layer.frameRate !== undefined
        ? String(Math.round(layer.frameRate))
        : unknownFigure,
    bitrate: sending ? formatBitrate(layer.bitrateBps) : unknownFigure,
    state: sending
      ? layer.limitation === "none"
        ? "sent"
        : `limited by ${limitTexts[layer.limitation]}`
      : "rests",
    sending,
  };
}

function figure(id: string, label: string, value: string, note: string, bad = false): Figure {
  return { id, label, value, note, bad };
}

function sizeText(width: number | undefined, height: number | undefined): string {
  return width === undefined || height === undefined ? unknownFigure : `${width} × ${height}`;
}

function availableText(stats: SendStats | undefined): string {
  return stats?.availableBps === undefined ? "" : `${formatBitrate(stats.availableBps)} would fit`;
}

function pathText(path: SendStats["path"]): string {
  if (path === undefined) return "";
  return `${path.protocol.toUpperCase()}${path.relayed ? ", by a relay" : ""}`;
}

function codecsText(stats: SendStats | undefined): string {
  const codecs = [stats?.video?.codec, stats?.audio?.codec].filter((codec) => codec !== undefined);
  return codecs.length === 0 ? unknownFigure : codecs.map(codecName).join(", ");
}

/** Browsers name a chain of encoders; the last one does the work. */
function encoderText(encoder: string | undefined): string {
  const inner = /\(([^()]+)\)\s*$/.exec(encoder ?? "")?.[1]?.split(",")[0];
  return (inner ?? encoder ?? "").trim();
}
