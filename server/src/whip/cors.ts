import type { IncomingMessage, ServerResponse } from "node:http";
import type { OriginPolicy } from "@millrace/signaling/gate";

const exposed = "ETag, Link, Location, Accept-Post, Accept-Patch, Allow, Retry-After";
const allowed = "Authorization, Content-Type, If-Match";

/** Lets pages of allowed origins read the answer (WHATWG Fetch, CORS protocol). */
export function setCorsHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  origins: OriginPolicy,
): void {
  const origin = origins.allowOrigin(request);
  if (origin !== "*") response.appendHeader("Vary", "Origin");
  if (origin === undefined) return;
  response.setHeader("Access-Control-Allow-Origin", origin);
  if (origin !== "*") response.setHeader("Access-Control-Allow-Credentials", "true");
  response.setHeader("Access-Control-Expose-Headers", exposed);
}

/** Answers OPTIONS, preflight or not; RFC 9725 section 4.7. Never with credentials of TURN in it. */
export function sendOptions(
  response: ServerResponse,
  methods: readonly string[],
  headers: Readonly<Record<string, string>>,
): void {
  const allow = methods.join(", ");
  response.writeHead(200, {
    ...headers,
    Allow: allow,
    "Access-Control-Allow-Methods": allow,
    "Access-Control-Allow-Headers": allowed,
    "Access-Control-Max-Age": "86400",
    "Content-Length": 0,
  });
  response.end();
}
