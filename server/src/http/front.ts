import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setSecurityHeaders } from "./headers.ts";
import { notFound, problemOf, replyProblem } from "./problem.ts";
import { pathOf, useOriginForm, withoutBase } from "./request-target.ts";
import { createRoutes, type RouteOptions } from "./routes.ts";

/** Answers a request and returns true, or leaves it alone and returns false. The base path is off the address already. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<boolean>;

export interface FrontOptions extends RouteOptions {
  /** Asked in order before the routes: WHEP and others that speak HTTP themselves. */
  readonly handlers: readonly RequestHandler[];
  /** Asked before everything else, with the whole address: what lies at the root of a host, not of this server. */
  readonly wellKnown?: RequestHandler | undefined;
  /** How long browsers shall come over TLS only (RFC 6797), told to those who do. 0: they are not told. Seconds. */
  readonly hstsSeconds?: number;
}

/** The first to see every request: brings its address into form, asks the handlers, then the routes. */
export function createFront(options: FrontOptions): RequestListener {
  const routes = createRoutes(options);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    setSecurityHeaders(response);
    const { hstsSeconds = 0 } = options;
    if (hstsSeconds > 0 && options.trust.scheme(request) === "https") {
      response.setHeader("Strict-Transport-Security", `max-age=${hstsSeconds}`);
    }
    if (!useOriginForm(request)) {
      const message = "The request target is neither a path nor an http address.";
      await replyProblem(request, response, { code: "URL_INVALID", status: 400, message });
      return;
    }
    if ((await options.wellKnown?.(request, response)) === true) return;
    const url = withoutBase(request.url ?? "/", options.basePath);
    if (url === undefined && !isProbe(request.url ?? "")) {
      await replyProblem(request, response, notFound);
      return;
    }
    request.url = url ?? request.url ?? "/";
    for (const handler of options.handlers) {
      if (await handler(request, response)) return;
    }
    routes(request, response);
  };

  return (request, response) => {
    serve(request, response).catch((error: unknown) => {
      const problem = problemOf(error);
      if (problem.status === 500) options.log.error({ err: error }, "a request failed");
      replyProblem(request, response, problem).catch(() => response.destroy());
    });
  };
}

/** Orchestrators ask without the base path too. */
function isProbe(url: string): boolean {
  const path = pathOf(url);
  return path === "/healthz" || path === "/readyz";
}
