import type { LayerStatus, TrackStatus } from "@millrace/signaling/session";
import { formatBitrate } from "./figures.ts";

/** One entry of the menu of layers. */
export interface LayerOption {
  /** Null: automatic. */
  readonly rid: string | null;
  readonly label: string;
  readonly note: string;
  readonly checked: boolean;
  /** The publisher does not send it now. */
  readonly resting: boolean;
}

/** The layers of a simulcast stream's video, the smallest first; empty for other streams. */
export function layersOf(tracks: readonly TrackStatus[]): readonly LayerStatus[] {
  const layers = tracks.find((track) => track.kind === "video")?.layers ?? [];
  return layers.length > 1 ? layers : [];
}

/** What the viewer may choose, automatic first, then the largest; empty without layers. */
export function layerOptions(
  layers: readonly LayerStatus[],
  pinned: string | null,
  shown: string | null,
): readonly LayerOption[] {
  if (layers.length === 0) return [];
  const now = layers.find(({ rid }) => rid === shown);
  const known = layers.some(({ rid }) => rid === pinned);
  return [
    {
      rid: null,
      label: "Automatic",
      note: now === undefined || known ? "" : `now ${layerName(now)}`,
      checked: !known,
      resting: false,
    },
    ...layers.toReversed().map((layer) => ({
      rid: layer.rid,
      label: layerName(layer),
      note: layer.active ? formatBitrate(layer.bitrateBps) : "not sent now",
      checked: layer.rid === pinned,
      resting: !layer.active,
    })),
  ];
}

/** `720p, automatic` or `360p, chosen`; undefined when no layer is shown. */
export function layerText(
  tracks: readonly TrackStatus[],
  pinned: string | null,
  shown: string | null,
): string | undefined {
  const now = layersOf(tracks).find(({ rid }) => rid === shown);
  return now && `${layerName(now)}, ${pinned === shown ? "chosen" : "automatic"}`;
}

/** `720p`, by the shorter side; the name while the size is not known. */
function layerName({ rid, width, height }: LayerStatus): string {
  const lines = Math.min(width, height);
  return lines > 0 ? `${lines}p` : rid;
}
