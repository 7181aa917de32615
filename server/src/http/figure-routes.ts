import express, { type Request, type Router } from "express";
import { RefusedError } from "../core/errors.ts";
import { parseStreamName } from "../core/stream-name.ts";
import { callerOf } from "./caller.ts";
import { setCors } from "./headers.ts";
import { replyJson } from "./reply.ts";
import type { RouteOptions } from "./routes.ts";

/** What this server was like in the last minutes. Implemented by `api/`. */
export interface HistorySource {
  /** The samples after that time. @throws RefusedError `REQUEST_INVALID` 400 */
  document(after?: string): object;
}

/** Streams that one request may ask the figures of. */
export const maxFigureStreams = 64;

/**
 * What changes all the time, for administrators: `GET /api/v1/history?after=MS`, and
 * `GET /api/v1/figures?stream=NAME&stream=NAME` with the streams that somebody looks at, without their viewers one by one.
 */
export function figureRoutes(options: RouteOptions): Router {
  const { documents, history, origins, ownHosts, trust } = options;
  const router = express.Router({ caseSensitive: true });

  router.get(["/api/v1/history", "/api/v1/figures"], async (request, response) => {
    const caller = callerOf(request, trust, ownHosts);
    await options.authorizeAdmin(caller);
    // Without a token, the place of the caller is its right: pages of other origins must not borrow it.
    if (caller.token !== undefined) setCors(request, response, origins);
    const document =
      request.path === "/api/v1/history"
        ? history.document(queryOf(request).get("after") ?? undefined)
        : {
            streams: askedStreams(request).flatMap(
              (name) => documents.stream(name, true, false) ?? [],
            ),
          };
    return replyJson(request, response, document, { cacheControl: "no-store" });
  });
  return router;
}

/** Names that nobody publishes are no error: the stream may have just ended. */
function askedStreams(request: Request): readonly string[] {
  const names = new Set(queryOf(request).getAll("stream"));
  if (names.size === 0 || names.size > maxFigureStreams) {
    const message = `stream names one to ${maxFigureStreams} streams.`;
    throw new RefusedError("REQUEST_INVALID", 400, message);
  }
  return [...names].map(parseStreamName);
}

function queryOf(request: Request): URLSearchParams {
  return new URL(request.url, "http://localhost").searchParams;
}
