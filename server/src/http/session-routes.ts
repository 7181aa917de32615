import express, { type Router } from "express";
import { RefusedError } from "../core/errors.ts";
import { callerOf } from "./caller.ts";
import type { RouteOptions } from "./routes.ts";

/** `DELETE /api/v1/sessions/ID` ends the session of a publisher or a viewer, for administrators. */
export function sessionRoutes({
  authorizeAdmin,
  documents,
  log,
  ownHosts,
  trust,
}: RouteOptions): Router {
  const router = express.Router({ caseSensitive: true });
  router.delete("/api/v1/sessions/:id", (request, response) => {
    const caller = callerOf(request, trust, ownHosts);
    // Browsers ask first whether a page of another origin may send this, and are told that it may not.
    authorizeAdmin(caller);
    const { id } = request.params;
    if (!documents.kick(id)) {
      throw new RefusedError("SESSION_NOT_FOUND", 404, "There is no such session now.");
    }
    log.info({ session: id, address: caller.address }, "session ended by an administrator");
    response.writeHead(204).end();
  });
  return router;
}
