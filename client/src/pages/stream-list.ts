import type { TrackStatus } from "@millrace/signaling/session";
import { codecName } from "../ui/figures.ts";

/** One stream of `GET /api/v1/streams`, as far as the pages use it. */
export interface ListedStream {
  readonly name: string;
  readonly state: "live" | "waiting";
  readonly tracks: readonly TrackStatus[];
  readonly viewers: number;
}

/** Reads the list that the server gives; what is malformed is left out. */
export function parseStreamList(document: unknown): readonly ListedStream[] {
  const streams = record(document)["streams"];
  if (!Array.isArray(streams)) return [];
  return streams.flatMap((entry: unknown) => {
    const { name, state, tracks, viewers } = record(entry);
    if (typeof name !== "string" || (state !== "live" && state !== "waiting")) return [];
    const count = typeof viewers === "number" ? viewers : record(viewers)["count"];
    return [
      {
        name,
        state,
        tracks: Array.isArray(tracks) ? tracks.flatMap(parseTrack) : [],
        viewers: typeof count === "number" ? count : 0,
      },
    ];
  });
}

/** The port for RTMP in `GET /api/v1/server`; undefined when it does not tell. */
export function parseRtmpPort(document: unknown): number | undefined {
  const addresses = record(document)["addresses"];
  if (!Array.isArray(addresses)) return undefined;
  const rtmp = addresses.map(record).find((address) => address["protocol"] === "rtmp");
  const port = rtmp?.["port"];
  return typeof port === "number" ? port : undefined;
}

/** `1280 × 720 · H.264 · AAC 48 kHz stereo`. */
export function describeTracks(tracks: readonly TrackStatus[]): string {
  const parts: string[] = [];
  for (const track of tracks) {
    if (track.kind === "video") {
      if (track.width && track.height) parts.push(`${track.width} × ${track.height}`);
      parts.push(codecName(track.codec));
    } else {
      const rate = track.sampleRate ? ` ${track.sampleRate / 1000} kHz` : "";
      const layouts: Readonly<Record<number, string>> = { 1: " mono", 2: " stereo", 6: " 5.1" };
      parts.push(`${codecName(track.codec)}${rate}${layouts[track.channels ?? 0] ?? ""}`);
    }
  }
  // A part stays on one line.
  return parts.map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
}

function parseTrack(entry: unknown): TrackStatus[] {
  const { kind, codec, width, height, sampleRate, channels } = record(entry);
  if ((kind !== "video" && kind !== "audio") || typeof codec !== "string") return [];
  return [
    {
      kind,
      codec,
      ...(typeof width === "number" && { width }),
      ...(typeof height === "number" && { height }),
      ...(typeof sampleRate === "number" && { sampleRate }),
      ...(typeof channels === "number" && { channels }),
    },
  ];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
