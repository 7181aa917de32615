import express, { type Router } from "express";
import { RefusedError } from "../core/errors.ts";
import { parseStreamName } from "../core/stream-name.ts";
import { callerOf } from "./caller.ts";
import { setCors } from "./headers.ts";
import type { LoginDoor } from "./login-door.ts";
import { notFound, replyProblem } from "./problem.ts";
import { replyJson } from "./reply.ts";
import type { RouteOptions } from "./routes.ts";

/** The documents that the API serves. Implemented by `api/`. */
export interface ApiDocuments {
  server(): object;
  streams(): object;
  /**
   * `full` adds what only an administrator may see; `each`, true by default, its viewers one by one. Undefined: there is
   * no such stream.
   */
  stream(name: string, full: boolean, each?: boolean): object | undefined;
  /** @throws RefusedError `REQUEST_INVALID` 400 */
  viewers(
    query: Readonly<Partial<Record<"stream" | "transport" | "limit" | "after", string>>>,
  ): object;
  /** Ends the session of a publisher or viewer. False: there is none with that id. */
  kick(id: string): boolean;
  /** For headers: `live`, `waiting` or `offline`, and the codecs. */
  streamSummary(name: string): { readonly state: string; readonly codecs: readonly string[] };
}

/** `/api/v1`: what the server is and does. All of it for administrators, one stream's state for whoever may watch it. */
export function apiRoutes(options: RouteOptions, door: LoginDoor): Router {
  const { access, documents, trust, ownHosts, origins } = options;
  const router = express.Router({ caseSensitive: true });

  router.get(["/v1/server", "/v1/streams"], (request, response) => {
    const caller = callerOf(request, trust, ownHosts);
    options.authorizeAdmin(caller);
    // Without a token, the place of the caller is its right: pages of other origins must not borrow it.
    if (caller.token !== undefined) setCors(request, response, origins);
    const document = request.path === "/v1/server" ? documents.server() : documents.streams();
    return replyJson(request, response, document);
  });

  router.get("/v1/viewers", (request, response) => {
    const caller = callerOf(request, trust, ownHosts);
    options.authorizeAdmin(caller);
    if (caller.token !== undefined) setCors(request, response, origins);
    const query = new URL(request.url, "http://localhost").searchParams;
    const asked = ["stream", "transport", "limit", "after"].flatMap((name) => {
      const value = query.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    return replyJson(request, response, documents.viewers(Object.fromEntries(asked)));
  });

  router.get("/v1/streams/*name", async (request, response) => {
    const name = parseStreamName((request.params["name"] as unknown as string[]).join("/"));
    const caller = callerOf(request, trust, ownHosts);
    const full = isAdmin(() => options.authorizeAdmin(caller));
    if (!full || caller.token !== undefined) setCors(request, response, origins);
    if (!full) {
      const token = door.playToken(request, caller.token);
      const { address, userAgent } = caller;
      const asked = { stream: name, token, address, userAgent };
      await access.authorize({ action: "play", transport: "webrtc", look: true, ...asked });
    }
    const document = documents.stream(name, full);
    if (document === undefined) {
      throw new RefusedError("STREAM_NOT_FOUND", 404, `There is no stream ${name}.`);
    }
    return replyJson(request, response, document);
  });

  router.use((request, response) => replyProblem(request, response, notFound));
  return router;
}

function isAdmin(authorize: () => void): boolean {
  try {
    authorize();
    return true;
  } catch (error) {
    if (error instanceof RefusedError) return false;
    throw error;
  }
}
