import type { IncomingMessage, ServerResponse } from "node:http";
import type { OriginPolicy } from "@millrace/signaling/gate";

const allowedHeaders = "Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID";
const exposedHeaders =
  "ETag, Link, Location, Accept-Post, Retry-After, Millrace-Stream-State, Millrace-Stream-Tracks";

/** Headers that every answer has. */
export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader("X-Content-Type-Options", "nosniff");
  // Addresses may carry a token.
  response.setHeader("Referrer-Policy", "no-referrer");
  response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
}

/** Headers of pages: scripts and connections of our own only, frames by whoever may embed. `secure`: it goes over TLS. */
export function setPageHeaders(
  response: ServerResponse,
  frameAncestors: string,
  secure = false,
): void {
  response.setHeader(
    "Content-Security-Policy",
    [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      secure ? "connect-src 'self' wss:" : "connect-src 'self' ws: wss:",
      "img-src 'self' data: blob:",
      "media-src 'self' blob:",
      "font-src 'self'",
      "worker-src 'self' blob:",
      "frame-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      `frame-ancestors ${frameAncestors}`,
    ].join("; "),
  );
  response.setHeader("Permissions-Policy", "geolocation=(), payment=(), usb=()");
}

/** Lets pages of allowed origins read the answer (WHATWG Fetch, CORS protocol). */
export function setCors(
  request: IncomingMessage,
  response: ServerResponse,
  origins: OriginPolicy,
): void {
  const allowed = origins.allowOrigin(request);
  if (allowed !== "*") response.appendHeader("Vary", "Origin");
  if (allowed === undefined) return;
  response.setHeader("Access-Control-Allow-Origin", allowed);
  response.setHeader("Access-Control-Expose-Headers", exposedHeaders);
}

const readMethods = ["GET", "HEAD", "OPTIONS"];

/** Answers a preflight, or a plain OPTIONS. Only pages of origins that are listed by name may do more than read. */
export function replyOptions(
  request: IncomingMessage,
  response: ServerResponse,
  origins: OriginPolicy,
  allowed: readonly string[] = readMethods,
): void {
  setCors(request, response, origins);
  response.setHeader("Allow", allowed.join(", "));
  if (request.headers["access-control-request-method"] !== undefined) {
    const origin = origins.allowOrigin(request);
    const isListed = origin !== undefined && origin !== "*";
    const methods = allowed.filter((method) => isListed || readMethods.includes(method));
    response.setHeader("Access-Control-Allow-Methods", methods.join(", "));
    response.setHeader("Access-Control-Allow-Headers", allowedHeaders);
    response.setHeader("Access-Control-Max-Age", "7200");
  }
  response.writeHead(204).end();
}
