/** One entry of an `RTCStatsReport`; browsers differ in what they fill in. */
export type StatsEntry = Readonly<Record<string, unknown>>;

/** The entries of a report by their ids, by which they refer to each other. */
export function indexStats(report: Iterable<StatsEntry>): ReadonlyMap<string, StatsEntry> {
  const byId = new Map<string, StatsEntry>();
  for (const entry of report) byId.set(String(entry["id"]), entry);
  return byId;
}

/** The candidate pair that carries the media; undefined before there is one. */
export function selectedPair(
  entries: readonly StatsEntry[],
  byId: ReadonlyMap<string, StatsEntry>,
): StatsEntry | undefined {
  const transport = entries.find((entry) => entry["type"] === "transport");
  const selected = byId.get(String(transport?.["selectedCandidatePairId"]));
  if (selected !== undefined) return selected;
  // Firefox has no transport entry; it marks the pair itself.
  const pairs = entries.filter((entry) => entry["type"] === "candidate-pair");
  return (
    pairs.find((pair) => pair["selected"] === true) ??
    pairs.find((pair) => pair["nominated"] === true && pair["state"] === "succeeded")
  );
}

/** `H264`, `opus`, … as negotiated for an RTP stream's entry. */
export function codecOf(
  entry: StatsEntry,
  byId: ReadonlyMap<string, StatsEntry>,
): string | undefined {
  return text(byId.get(String(entry["codecId"]))?.["mimeType"])?.replace(/^.*\//, "");
}

/** A finite number, or undefined. */
export function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A counter that browsers leave out while it is 0. */
export function count(value: unknown): number {
  return number(value) ?? 0;
}

/** Reports have seconds. */
export function milliseconds(seconds: unknown): number | undefined {
  const value = number(seconds);
  return value === undefined ? undefined : value * 1000;
}

/** Text that says something, or undefined. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
