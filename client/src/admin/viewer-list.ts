import { byTransportOrder } from "./transports.ts";
import type { ViewerEntry } from "./viewer-entry.ts";

/** Columns by which viewers can be put in order. */
export type ViewerColumn =
  | "transport"
  | "address"
  | "agent"
  | "roundTripMs"
  | "lossRatio"
  | "latencyMs"
  | "freezes"
  | "bytesSent"
  | "joinedMs";

export interface ViewerQuery {
  /** Empty: all. */
  readonly transport: string;
  readonly column: ViewerColumn;
  readonly descending: boolean;
}

/** Viewers on one page. */
export const viewersPerPage = 50;

/** Viewers that match, in order; what is not known comes last either way. */
export function listViewers(
  viewers: readonly ViewerEntry[],
  { column, descending, transport }: ViewerQuery,
): readonly ViewerEntry[] {
  const sign = descending ? -1 : 1;
  return viewers
    .filter((viewer) => transport === "" || viewer.transport === transport)
    .sort((a, b) => {
      const [one, other] = [valueIn(a, column), valueIn(b, column)];
      if (one === other) return (a.joinedMs ?? 0) - (b.joinedMs ?? 0) || (a.id < b.id ? -1 : 1);
      if (one === undefined) return 1;
      if (other === undefined) return -1;
      if (column === "transport") return sign * byTransportOrder(String(one), String(other));
      return sign * (one < other ? -1 : 1);
    });
}

/** How many there are by transport. */
export function transportsOf(viewers: readonly ViewerEntry[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { transport } of viewers) counts[transport] = (counts[transport] ?? 0) + 1;
  return counts;
}

function valueIn(viewer: ViewerEntry, column: ViewerColumn): string | number | undefined {
  if (column === "agent") return viewer.userAgent;
  return viewer[column];
}
