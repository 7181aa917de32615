import express, { type Router } from "express";
import type { AdminDoor } from "./admin-door.ts";

/** Where the form of the administrators' page is sent to, and its button to leave. */
export function adminRoutes(door: AdminDoor): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.post("/admin/login", (request, response) => door.signIn(request, response));
  router.post("/admin/logout", (request, response) => door.signOut(request, response));
  return router;
}
