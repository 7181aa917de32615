import type { StreamAddress } from "../address.ts";
import { clientIdFor } from "../client-id.ts";

/** What to ask the server for. Secret when the address has a token. */
export interface MediaRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * An output of the stream, such as `.flv`. The token goes into a header where that costs nothing; to another origin
 * each new address with it would be asked for twice (WHATWG Fetch, CORS-preflight), so there it is in the address.
 */
export function mediaRequest(
  address: StreamAddress,
  suffix: string,
  query: Readonly<Record<string, string>> = {},
  pageOrigin: string = globalThis.location?.origin ?? "",
): MediaRequest {
  const url = outputUrl(address, suffix, query, pageOrigin);
  if (address.token === undefined) return { url: url.href, headers: {} };
  if (url.origin === pageOrigin) {
    return { url: url.href, headers: { Authorization: `Bearer ${address.token}` } };
  }
  url.searchParams.set("token", address.token);
  return { url: url.href, headers: {} };
}

/** The same for what cannot send headers: elements and WebSockets (`scheme` "ws"). */
export function plainMediaUrl(
  address: StreamAddress,
  suffix: string,
  scheme: "http" | "ws" = "http",
  pageOrigin: string = globalThis.location?.origin ?? "",
): string {
  const url = outputUrl(address, suffix, {}, pageOrigin);
  if (scheme === "ws") url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (address.token !== undefined) url.searchParams.set("token", address.token);
  return url.href;
}

function outputUrl(
  address: StreamAddress,
  suffix: string,
  query: Readonly<Record<string, string>>,
  pageOrigin: string,
): URL {
  const url = new URL(`${address.stream}${suffix}`, address.base);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const client = clientIdFor(url, pageOrigin);
  if (client !== undefined) url.searchParams.set("client", client);
  return url;
}
