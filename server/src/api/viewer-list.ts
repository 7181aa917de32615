import { RefusedError } from "../core/errors.ts";
import type { Stream, Viewer } from "../core/index.ts";

/** Which viewers are asked for. */
export interface ViewerQuery {
  /** Of this stream alone. */
  readonly stream?: string | undefined;
  /** Over this transport alone. */
  readonly transport?: string | undefined;
  /** At most so many, from 1 to `maxViewersPerPage`. */
  readonly limit?: string | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

/** A page of viewers. */
export interface ViewerPage {
  readonly viewers: readonly { readonly stream: string; readonly viewer: Viewer }[];
  /** Asks for the next page; undefined: this is the last one. */
  readonly next: string | undefined;
}

export const maxViewersPerPage = 1000;
const defaultViewersPerPage = 100;
const cursorPattern = /^[\w-]{1,1024}$/;

type Place = readonly [stream: string, joinedMs: number, id: string];

/**
 * The viewers of all streams, by stream and in the order in which they came. Whoever comes or goes between two pages moves
 * nobody else.
 * @throws RefusedError `REQUEST_INVALID` 400
 */
export function pageOfViewers(streams: readonly Stream[], query: ViewerQuery): ViewerPage {
  const limit = limitOf(query.limit);
  const after = query.after === undefined ? undefined : placeOf(query.after);
  const places = streams
    .filter(({ name }) => query.stream === undefined || name === query.stream)
    .flatMap(({ name, viewers }) =>
      [...viewers.values()]
        .filter(({ info }) => query.transport === undefined || info.transport === query.transport)
        .map((viewer) => ({
          stream: name,
          viewer,
          place: [name, viewer.joinedWallMs, viewer.id] as Place,
        })),
    )
    .filter(({ place }) => after === undefined || compare(place, after) > 0)
    .sort((a, b) => compare(a.place, b.place));
  const page = places.slice(0, limit);
  const last = page.at(-1);
  const isLast = last === undefined || places.length <= limit;
  return { viewers: page, next: isLast ? undefined : cursorOf(last.place) };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return defaultViewersPerPage;
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= maxViewersPerPage) return limit;
  throw invalid(`limit is a number from 1 to ${maxViewersPerPage}.`);
}

function compare(a: Place, b: Place): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  if (a[1] !== b[1]) return a[1] - b[1];
  if (a[2] === b[2]) return 0;
  return a[2] < b[2] ? -1 : 1;
}

function cursorOf(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

function placeOf(cursor: string): Place {
  try {
    if (!cursorPattern.test(cursor)) throw invalid("after is no place in the list.");
    const [stream, joinedMs, id] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof stream === "string" && typeof joinedMs === "number" && typeof id === "string") {
      return [stream, joinedMs, id];
    }
  } catch {
    // What is no JSON is no place either.
  }
  throw invalid("after is no place in the list.");
}

function invalid(message: string): RefusedError {
  return new RefusedError("REQUEST_INVALID", 400, message);
}
