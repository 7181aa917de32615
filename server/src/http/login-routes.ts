import express, { type Request, type Router } from "express";
import { parseStreamName } from "../core/stream-name.ts";
import type { LoginDoor, StreamPage } from "./login-door.ts";
import { isWatchPage } from "./page-routes.ts";
import type { RouteOptions } from "./routes.ts";

/** POST to the page of a stream, or to that for frames: the form for its password. None where the access seam gives no passes. */
export function loginRoutes({ access, site }: RouteOptions, door: LoginDoor): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  if (access.logIn === undefined) return router;
  router.post("/*name", (request, response, next) => {
    const page = pageOf(request);
    if (page === undefined || site.file(request.path) !== undefined) return next();
    return door.receive(request, response, page);
  });
  return router;
}

/** @throws RefusedError `STREAM_NAME_INVALID` 400. */
function pageOf(request: Request): StreamPage | undefined {
  const [first = "", ...others] = request.params["name"] as unknown as string[];
  if (first === "embed" && others.length > 0) {
    return { stream: parseStreamName(others.join("/")), embed: true };
  }
  const path = [first, ...others].join("/");
  return isWatchPage(path) ? { stream: parseStreamName(path), embed: false } : undefined;
}
