import { RefusedError } from "../core/errors.ts";

/** Which part of a list is asked for. */
export interface PageQuery {
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

/** A part of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Asks for the next page; null: this is the last one. */
  readonly next: string | null;
}

/** By what a list is in order: compared member by member. Each place of a list has members of the same types. */
export type Place = readonly (string | number)[];

const defaultPerPage = 100;
const cursorPattern = /^[\w-]{1,1024}$/;

/**
 * A page of a list that changes: whoever comes or goes between two pages moves nobody else. `types` are those of
 * the members of a place.
 * @throws RefusedError `REQUEST_INVALID` 400 for an `after` that was never a `next`.
 */
export function pageOf<T>(
  all: Iterable<T>,
  placeOf: (item: T) => Place,
  types: readonly ("string" | "number")[],
  { limit = defaultPerPage, after }: PageQuery,
): Page<T> {
  const begin = after === undefined ? undefined : readCursor(after, types);
  const left: { readonly item: T; readonly place: Place }[] = [];
  for (const item of all) {
    const place = placeOf(item);
    if (begin === undefined || compare(place, begin) > 0) left.push({ item, place });
  }
  left.sort((a, b) => compare(a.place, b.place));
  const page = left.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    next: last === undefined || left.length <= limit ? null : writeCursor(last.place),
  };
}

function compare(a: Place, b: Place): number {
  for (const [at, left] of a.entries()) {
    const right = b[at];
    if (right === undefined || left === right) continue;
    return left < right ? -1 : 1;
  }
  return 0;
}

function writeCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

function readCursor(cursor: string, types: readonly string[]): Place {
  try {
    const place: unknown = cursorPattern.test(cursor)
      ? JSON.parse(Buffer.from(cursor, "base64url").toString())
      : undefined;
    if (
      Array.isArray(place) &&
      place.length === types.length &&
      place.every((member, at) => typeof member === types[at])
    ) {
      return place as Place;
    }
  } catch {
    // What is no JSON is no place either.
  }
  throw new RefusedError("REQUEST_INVALID", 400, "after is no place in the list.");
}
