import { RefusedError } from "../../core/index.ts";
import type { Fmp4Sound } from "../fmp4/fragments.ts";
import type { Visit } from "../output.ts";
import { type Place, parsePlace } from "./place.ts";

/** What a client asks for. */
export interface Wish {
  /** The kind of sound, when media is wanted. */
  readonly sound: Fmp4Sound | undefined;
  /** Undefined for newcomers. */
  readonly place: Place | undefined;
}

/**
 * Reads the query, and the header with which browsers come back; the latter is newer than the address.
 * @throws RefusedError `NOT_FOUND` 404, `QUERY_INVALID` 400.
 */
export function readWish(visit: Visit): Wish {
  if (visit.rest !== "") {
    throw new RefusedError("NOT_FOUND", 404, "There is nothing at this address.");
  }
  const header = visit.request.headers["last-event-id"];
  const shown = typeof header === "string" && header !== "" ? header : visit.query.get("after");
  return { sound: readSound(visit.query), place: parsePlace(shown ?? undefined) };
}

function readSound(query: URLSearchParams): Fmp4Sound | undefined {
  const media = query.get("media") ?? "0";
  const sound = query.get("sound") ?? "native";
  if ((media !== "0" && media !== "1") || (sound !== "native" && sound !== "aac")) {
    throw new RefusedError("QUERY_INVALID", 400, "media is 0 or 1, sound is native or aac.");
  }
  return media === "1" ? sound : undefined;
}

/** `?hold=` in seconds, fractions allowed, as milliseconds. @throws RefusedError `QUERY_INVALID` 400. */
export function readHoldMs(query: URLSearchParams, defaultMs: number, maxMs: number): number {
  const text = query.get("hold");
  if (text === null) return Math.min(defaultMs, maxMs);
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(text)) {
    throw new RefusedError("QUERY_INVALID", 400, "hold is a number of seconds.");
  }
  return Math.min(Number(text) * 1000, maxMs);
}
