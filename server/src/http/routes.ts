import type { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import express, { type NextFunction, type Request, type Response } from "express";
import type { Access, Clock, Log } from "../core/ports.ts";
import { type AdminAccess, AdminDoor } from "./admin-door.ts";
import { adminRoutes } from "./admin-routes.ts";
import type { ApiOperation, StreamSummaries } from "./api-operation.ts";
import { apiRoutes } from "./api-routes.ts";
import { replyOptions, setCors } from "./headers.ts";
import { LoginDoor, type LoginLimits } from "./login-door.ts";
import { loginRoutes } from "./login-routes.ts";
import { oEmbedDocument } from "./oembed.ts";
import { pageRoutes } from "./page-routes.ts";
import { notFound, problemOf, replyProblem } from "./problem.ts";
import { Body, reply, replyJson } from "./reply.ts";
import type { Site } from "./site.ts";
import type { HttpsPlace } from "./to-https.ts";

/** What the routes need from outside. */
export interface RouteOptions {
  readonly log: Log;
  readonly access: Access;
  readonly admin: AdminAccess;
  /** What the API serves. */
  readonly operations: readonly ApiOperation[];
  readonly documents: StreamSummaries;
  readonly site: Site;
  readonly trust: ProxyTrust;
  readonly origins: OriginPolicy;
  /** Who may show the embed page in a frame, as a CSP source list. */
  readonly frameAncestors: string;
  readonly basePath: string;
  /** Under which browsers reach this server; the first begins what pages and documents give away. Empty: as the request says. */
  readonly publicUrls?: readonly string[];
  /** Names (without port) under which this server is known. */
  readonly ownHosts: ReadonlySet<string>;
  /** All listeners are up and the server is not draining. */
  readonly isReady: () => boolean;
  /** Whether viewers get a cookie by which they are known again in statistics. Default true. */
  readonly clientCookie?: boolean;
  /** What Prometheus reads. */
  readonly metrics: { readonly type: string; text(): Promise<string> };
  /** Where browsers that ask for a page over HTTP are sent. Default: they get it. */
  readonly https?: HttpsPlace | undefined;
  readonly loginLimits?: Partial<LoginLimits>;
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, "nowUs">;
}

/** Probes, API, pages and files. The base path is off the address already. */
export function createRoutes(options: RouteOptions): express.Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  app.set("query parser", "simple");
  app.set("case sensitive routing", true);

  const door = new LoginDoor(options);
  const adminDoor = new AdminDoor(options);
  app.use(adminRoutes(adminDoor));
  app.use(loginRoutes(options, door));
  app.use("/api", apiRoutes(options, door, adminDoor));
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (request.method === "OPTIONS") {
      replyOptions(request, response, options.origins);
    } else if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD, OPTIONS");
      const message = "This address can only be read.";
      return replyProblem(request, response, { code: "METHOD_NOT_ALLOWED", status: 405, message });
    } else next();
    return undefined;
  });
  app.get("/healthz", (request, response) =>
    replyJson(request, response, { status: "ok" }, { cacheControl: "no-store" }),
  );
  app.get("/readyz", (request, response) => {
    const ready = options.isReady();
    const document = { status: ready ? "ready" : "not ready" };
    return replyJson(request, response, document, {
      status: ready ? 200 : 503,
      cacheControl: "no-store",
    });
  });
  app.get("/metrics", async (request, response) => {
    await adminDoor.authorize(request, response);
    const { metrics } = options;
    const body = new Body(metrics.type, await metrics.text());
    return reply(request, response, body, { cacheControl: "no-store" });
  });
  app.use((request: Request, response: Response, next: NextFunction) => {
    setCors(request, response, options.origins);
    next();
  });
  app.get("/oembed", (request, response) => {
    const { basePath, ownHosts, publicUrls, trust } = options;
    const query = new URLSearchParams(request.url.split("?", 2)[1] ?? "");
    const document = oEmbedDocument(query, {
      prefix: trust.prefix(request) + basePath,
      publicUrls,
      isOurs: (host) => host === trust.host(request) || ownHosts.has(host.replace(/:\d*$/, "")),
    });
    return replyJson(request, response, document, { cacheControl: "public, max-age=3600" });
  });
  app.use(pageRoutes(options, door));
  app.use((request: Request, response: Response) => replyProblem(request, response, notFound));
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const problem = problemOf(error);
    if (problem.status === 500)
      options.log.error({ err: error, path: request.path }, "a request failed");
    return replyProblem(request, response, problem);
  });
  return app;
}
