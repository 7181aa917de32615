import type { IncomingMessage, ServerResponse } from "node:http";
import type { OriginPolicy } from "@millrace/signaling/gate";

const methods = "GET, HEAD, OPTIONS";
const allowedHeaders =
  "Authorization, Cache-Control, Content-Type, Icy-MetaData, Last-Event-ID, Range";
const exposedHeaders = "Content-Length, Date, ETag, Retry-After";

/**
 * Headers of every answer. Pages of allowed origins may read it (WHATWG Fetch, CORS protocol), with
 * credentials where origins are listed, for then the exact one is named.
 */
export function setSharedHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  origins: OriginPolicy,
): void {
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
  // Addresses may carry a token.
  response.setHeader("Referrer-Policy", "no-referrer");
  const origin = origins.allowOrigin(request);
  if (origin !== "*") response.appendHeader("Vary", "Origin");
  if (origin === undefined) return;
  response.setHeader("Access-Control-Allow-Origin", origin);
  if (origin !== "*") response.setHeader("Access-Control-Allow-Credentials", "true");
  response.setHeader("Access-Control-Expose-Headers", exposedHeaders);
}

/** Answers OPTIONS, preflight or not. */
export function sendOptions(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("Allow", methods);
  if (request.headers["access-control-request-method"] !== undefined) {
    response.setHeader("Access-Control-Allow-Methods", methods);
    response.setHeader("Access-Control-Allow-Headers", allowedHeaders);
    response.setHeader("Access-Control-Max-Age", "7200");
  }
  response.writeHead(204).end();
}
