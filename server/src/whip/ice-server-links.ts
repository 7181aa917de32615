import type { IceServer } from "@millrace/signaling/session";

/** What may stand inside `<…>` or `"…"` and never be mistaken: clients split Link headers at commas without looking. */
const safeUrl = /^(?:stun|turn)s?:[A-Za-z0-9.:[\]_?=%-]+$/;
const safeText = /^[\x20\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]*$/;

/**
 * RFC 9725 section 4.6: one `Link` header value per URL. A server that cannot be written without comma, quote or
 * backslash is left out.
 */
export function iceServerLinks(servers: readonly IceServer[]): string[] {
  const links: string[] = [];
  for (const { urls, username, credential } of servers) {
    const secret =
      username === undefined || credential === undefined
        ? ""
        : `; username="${username}"; credential="${credential}"; credential-type="password"`;
    if (!safeText.test(username ?? "") || !safeText.test(credential ?? "")) continue;
    for (const url of urls) {
      if (safeUrl.test(url)) links.push(`<${url}>; rel="ice-server"${secret}`);
    }
  }
  return links;
}
