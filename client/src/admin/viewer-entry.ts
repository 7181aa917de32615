import { type Fields, fieldsOf, listOf, numberOf, textOf, textsOf, timeOf } from "./fields.ts";

/** One viewer of `GET /api/v1/viewers`. Figures that its transport does not know are undefined. */
export interface ViewerEntry {
  readonly id: string;
  readonly transport: string;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  readonly user: string | undefined;
  readonly joinedMs: number | undefined;
  readonly codecs: readonly string[];
  readonly layer: string | undefined;
  readonly path: string | undefined;
  readonly bytesSent: number | undefined;
  readonly bitrateBps: number | undefined;
  readonly roundTripMs: number | undefined;
  /** From 0 to 1. */
  readonly lossRatio: number | undefined;
  readonly framesDropped: number | undefined;
  /** What its player tells. */
  readonly firstFrameMs: number | undefined;
  readonly latencyMs: number | undefined;
  readonly freezes: number | undefined;
  readonly frozenSeconds: number | undefined;
  /** All that its transport tells, for whoever wants to know more. */
  readonly stats: Fields;
}

export interface ViewerPage {
  readonly viewers: readonly ViewerEntry[];
  /** There are more than these. */
  readonly next: string | undefined;
}

export function parseViewers(document: unknown): ViewerPage {
  const { viewers, next } = fieldsOf(document);
  return { viewers: listOf(viewers).flatMap(parseViewer), next: textOf(next) };
}

function parseViewer(value: unknown): ViewerEntry[] {
  const fields = fieldsOf(value);
  const id = textOf(fields["id"]);
  if (id === undefined) return [];
  const stats = fieldsOf(fields["stats"]);
  const experience = fieldsOf(fields["experience"]);
  return [
    {
      id,
      transport: textOf(fields["transport"]) ?? "unknown",
      address: textOf(fields["address"]),
      userAgent: textOf(fields["userAgent"]),
      user: textOf(fields["user"]),
      joinedMs: timeOf(fields["joinedAt"]),
      codecs: textsOf(stats["codecs"]),
      layer: textOf(stats["layer"]),
      path: textOf(stats["path"]),
      bytesSent: numberOf(stats["bytesSent"]),
      bitrateBps: numberOf(stats["bitrateBps"]),
      roundTripMs: numberOf(stats["roundTripMs"]),
      lossRatio: numberOf(stats["lossRatio"]),
      framesDropped: numberOf(stats["framesDropped"]),
      firstFrameMs: numberOf(experience["firstFrameMs"]),
      latencyMs: numberOf(experience["latencyMs"]),
      freezes: numberOf(experience["freezes"]),
      frozenSeconds: numberOf(experience["frozenSeconds"]),
      stats,
    },
  ];
}
