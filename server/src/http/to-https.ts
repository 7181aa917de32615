import type { IncomingMessage, ServerResponse } from "node:http";
import type { ProxyTrust } from "@millrace/signaling/gate";

/** Where pages are over TLS. */
export interface HttpsPlace {
  /** Addresses of this server as browsers know them. */
  readonly publicUrls: readonly string[];
  /** The port on which we take TLS ourselves; undefined when we do not. */
  port(): number | undefined;
}

/** A host as it stands in an address: name, IPv4 or bracketed IPv6, and perhaps a port. */
const hostPattern = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * Where a page that was asked for over HTTP is over HTTPS, without its path; undefined when it came over TLS already or
 * nobody knows. A public address for that host comes first, then the port of a trusted proxy in front, then our own.
 */
export function httpsOrigin(
  request: IncomingMessage,
  trust: ProxyTrust,
  place: HttpsPlace,
): string | undefined {
  if (trust.scheme(request) === "https") return undefined;
  const name = hostPattern.exec(trust.host(request))?.[1]?.toLowerCase();
  if (name === undefined) return undefined;
  const urls = place.publicUrls.map((url) => new URL(url));
  const known = urls.find(({ protocol, hostname }) => protocol === "https:" && hostname === name);
  if (known !== undefined) return known.origin;
  // A proxy that says http did not use TLS with the browser; it can, where browsers expect it.
  if (request.headers["x-forwarded-proto"] !== undefined && isProxied(request, trust)) {
    return `https://${name}`;
  }
  const port = place.port();
  if (port === undefined) return undefined;
  return port === 443 ? `https://${name}` : `https://${name}:${port}`;
}

/** Sends a browser there with 308 (RFC 9110 section 15.4.9), and with path and query as it asked for them. */
export function redirect(response: ServerResponse, location: string): void {
  // Browsers would remember it for longer than the operator's mind lasts.
  response.setHeader("Cache-Control", "no-store");
  response.writeHead(308, { Location: location, "Content-Length": 0 }).end();
}

function isProxied(request: IncomingMessage, trust: ProxyTrust): boolean {
  return trust.trusts((request.socket.remoteAddress ?? "").replace(/^::ffff:/i, ""));
}
