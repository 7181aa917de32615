import { RefusedError } from "../../core/index.ts";

/** Delivery directives of a playlist request, RFC 8216bis section 6.2.5. */
export interface Directives {
  /** `_HLS_msn`: the segment that must be listed. */
  readonly msn: number | undefined;
  /** `_HLS_part`: the part of it that is enough. */
  readonly part: number | undefined;
  /** `_HLS_skip`: a delta update will do. */
  readonly skip: boolean;
}

/** @throws RefusedError `HLS_REQUEST_INVALID` 400. */
export function parseDirectives(query: URLSearchParams): Directives {
  const msn = numberOf(query, "_HLS_msn");
  const part = numberOf(query, "_HLS_part");
  if (part !== undefined && msn === undefined) throw invalid("_HLS_part comes with _HLS_msn");
  const skip = query.get("_HLS_skip");
  return { msn, part, skip: skip === "YES" || skip === "v2" };
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalid(`${name} is a number`);
  return Number(text);
}

function invalid(message: string): RefusedError {
  return new RefusedError("HLS_REQUEST_INVALID", 400, `${message}.`);
}
