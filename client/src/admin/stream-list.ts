import type { StreamEntry } from "./stream-entry.ts";

/** Which streams are wanted, and in which order. */
export interface ListQuery {
  /** Words that all have to be found in name, codec, publisher's address, user or program. */
  readonly search: string;
  readonly show: "all" | "live" | "waiting" | "attention";
  readonly order: "name" | "viewers" | "newest" | "attention";
}

/** Streams on one page. */
export const streamsPerPage = 24;

/** Part of a list that is shown. */
export interface ListPage<Entry> {
  readonly entries: readonly Entry[];
  /** Of the first one that is shown, from 0. */
  readonly from: number;
  /** How many there are on all pages. */
  readonly total: number;
  /** From 0; the last one there is when a later one is asked for. */
  readonly page: number;
  readonly pages: number;
}

/** How much a stream needs somebody: nothing, a hint, a buffer that runs dry, nobody who publishes. */
export function attentionOf(stream: StreamEntry): number {
  if (stream.state === "waiting") return 3;
  if (stream.health?.buffer === "DRY") return 2;
  return stream.hints.length > 0 ? 1 : 0;
}

/** Streams that match, in the order that is asked for; equal ones by name. */
export function listStreams(
  streams: readonly StreamEntry[],
  { order, search, show }: ListQuery,
): readonly StreamEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = streams.filter(
    (stream) => isShown(stream, show) && (words.length === 0 || hasWords(stream, words)),
  );
  const byName = (a: StreamEntry, b: StreamEntry): number => (a.name < b.name ? -1 : 1);
  const ranks: Readonly<Record<ListQuery["order"], (stream: StreamEntry) => number>> = {
    name: () => 0,
    viewers: ({ viewerCount }) => viewerCount,
    newest: ({ startedMs }) => startedMs ?? 0,
    attention: attentionOf,
  };
  const rank = ranks[order];
  return matches.sort((a, b) => rank(b) - rank(a) || byName(a, b));
}

/** A page of a list. */
export function pageOf<Entry>(
  entries: readonly Entry[],
  page: number,
  perPage: number,
): ListPage<Entry> {
  const pages = Math.max(1, Math.ceil(entries.length / perPage));
  const at = Math.min(Math.max(0, page), pages - 1);
  const from = at * perPage;
  return {
    ...{ from, pages, total: entries.length, page: at },
    entries: entries.slice(from, from + perPage),
  };
}

/** `1–24 of 10,000`. */
export function pageText({ entries, from, total }: ListPage<unknown>, of = "of"): string {
  if (total === 0) return "none";
  const number = (value: number): string => value.toLocaleString("en");
  return `${number(from + 1)}–${number(from + entries.length)} ${of} ${number(total)}`;
}

function isShown(stream: StreamEntry, show: ListQuery["show"]): boolean {
  if (show === "all") return true;
  return show === "attention" ? attentionOf(stream) > 0 : stream.state === show;
}

function hasWords(stream: StreamEntry, words: readonly string[]): boolean {
  const { publisher } = stream;
  const text = [
    stream.name,
    ...stream.tracks.map(({ codec }) => codec),
    ...stream.hints.map(({ code }) => code),
    publisher?.transport,
    publisher?.address,
    publisher?.user,
    publisher?.userAgent,
  ]
    .join(" ")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}
