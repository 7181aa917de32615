import { h } from "../ui/dom.ts";
import { formatBitrate, formatDuration, unknownFigure } from "../ui/figures.ts";
import { fieldsOf, listOf, numberOf } from "./fields.ts";
import { healthText } from "./health-text.ts";
import type { LayerEntry, StreamEntry, TrackEntry } from "./stream-entry.ts";
import {
  codecText,
  figureName,
  figureText,
  framesText,
  rateText,
  sizeOfPicture,
  spanText,
} from "./text.ts";
import { transportName } from "./transports.ts";

type Fact = readonly [name: string, value: string];

/** Figures with a place of their own, or of no use to people. */
const toldElsewhere = new Set(["frameRate", "bitrateBps", "state", "codecs"]);
/** Further figures that a transport may tell are left out beyond this. */
const maxFigures = 14;

/** Who publishes, how well it comes in, and all that its transport tells. */
export function publisherFacts(stream: StreamEntry, nowMs: number): readonly Fact[] {
  const { health, publisher } = stream;
  const buffer: readonly Fact[] = [
    ["Buffer", healthText(stream)],
    ...(health?.lagMs === undefined
      ? []
      : [["Behind its best", formatDuration(health.lagMs)] as const]),
    ...(health?.speed === undefined ? [] : [["Speed", `${health.speed.toFixed(2)} ×`] as const]),
  ];
  if (publisher === undefined) return [["Publisher", "away"], ...buffer];
  const { address, startedMs, stats, transport, user, userAgent } = publisher;
  return [
    ["Transport", transportName(transport)],
    ["Address", address ?? unknownFigure],
    ...(user === undefined ? [] : [["User", user] as const]),
    ["Program", userAgent ?? unknownFigure],
    ["Publishing for", spanText(startedMs === undefined ? undefined : nowMs - startedMs)],
    ...buffer,
    ...publisherFigures(stats),
  ];
}

/** Heads of the table of tracks. */
export const trackHeads: readonly string[] = [
  ...["Track", "Codec", "Format", "Frame rate", "Bit rate", "Key interval"],
];

/** Rows of a table: each track, and below it each layer of simulcast. */
export function trackRows(
  tracks: readonly TrackEntry[],
  frameRate: number | undefined,
): readonly HTMLElement[] {
  return tracks.flatMap((track) => {
    const { bitrateBps, codec, derived, keyIntervalMs, kind, layers } = track;
    const own = kind === "video" && !derived;
    const cells = [
      trackName(track),
      codecText(codec),
      formatOf(track),
      own ? framesText(frameRate) : "",
      formatBitrate(bitrateBps),
      // Of those made here, nobody sets it; each picture of JPEG is a key frame.
      keyIntervalMs === undefined || derived ? "" : formatDuration(keyIntervalMs),
    ];
    return [row(cells), ...layers.map((layer) => row(layerCells(layer), "layer"))];
  });
}

function publisherFigures(stats: StreamEntry["tracks"][number] | object): readonly Fact[] {
  const fields = fieldsOf(stats);
  // Over WebRTC, what is measured of each encoding stands one level deeper.
  const ingest = fieldsOf(fields["ingest"]);
  const encodings = listOf(ingest["encodings"] ?? fields["encodings"]).map(fieldsOf);
  const jitters = encodings.flatMap(({ jitterMs }) => numberOf(jitterMs) ?? []);
  const lost = encodings.flatMap(({ lost: count }) => numberOf(count) ?? []);
  const measured: Readonly<Record<string, unknown>> = {
    ...(jitters.length > 0 && { jitterMs: Math.max(...jitters) }),
    ...(lost.length > 0 && { packetsLost: lost.reduce((sum, count) => sum + count, 0) }),
    ...ingest,
    ...fields,
  };
  return Object.entries(measured)
    .filter(([name]) => !toldElsewhere.has(name))
    .flatMap(([name, value]) => {
      const text = figureText(name, value);
      return text === undefined ? [] : [[figureName(name), text] as const];
    })
    .slice(0, maxFigures);
}

function trackName({ derived, id, kind }: TrackEntry): string {
  const name = kind === "video" ? "Picture" : "Sound";
  return derived ? `${name}, made here (${id})` : name;
}

function formatOf({ bFrames, channels, height, kind, sampleRate, width }: TrackEntry): string {
  if (kind === "video") {
    const size = sizeOfPicture(width, height);
    return bFrames === true ? `${size}, B-frames` : size;
  }
  const rate = sampleRate === undefined ? [] : [`${rateText(sampleRate / 1000)} kHz`];
  const layout = channels === 1 ? ["mono"] : channels === 2 ? ["stereo"] : [];
  return [...rate, ...layout].join(" ") || unknownFigure;
}

function layerCells({ active, bitrateBps, frameRate, height, rid, width }: LayerEntry): string[] {
  const name = `Layer ${rid ?? ""}${active ? "" : " (not sent)"}`;
  return [
    name,
    "",
    sizeOfPicture(width, height),
    framesText(frameRate),
    formatBitrate(bitrateBps),
    "",
  ];
}

function row(cells: readonly string[], className?: string): HTMLElement {
  const [head, ...rest] = cells;
  return h(
    "tr",
    { class: className },
    h("th", { scope: "row" }, head ?? ""),
    ...rest.map((cell, at) =>
      h(
        "td",
        {
          "data-label": trackHeads[at + 1],
          "data-unknown": cell === "" || cell === unknownFigure ? "" : undefined,
        },
        cell,
      ),
    ),
  );
}
