import { readClientId } from "../protocol/client-id.ts";
import { OriginPolicy } from "./origin-policy.ts";
import type { GateRequest, ProxyTrust } from "./proxy-trust.ts";

/** The cookie of the form login: passes that stand for a token to watch. Never the token itself. */
export const passCookie = "millrace_pass";
/** The cookie by which a viewer who comes back is known in statistics. Gives no rights. */
export const clientCookie = "millrace_client";

/** Cookies of one name that are looked at: one of our own pages, one of a frame in a page of others. */
const maxSameName = 2;
const cookieIdPattern = /^[A-Za-z0-9_-]{22}$/;

/** The values of all cookies of that name, as they stand in the header; RFC 6265 section 5.4. */
export function cookieValues(header: string | undefined, name: string): string[] {
  const values: string[] = [];
  for (const part of (header ?? "").split(";")) {
    const equals = part.indexOf("=");
    if (equals < 0 || part.slice(0, equals).trim() !== name) continue;
    values.push(part.slice(equals + 1).trim());
  }
  return values;
}

/** Who a browser says that it is. Browsers do so for any page that asks, therefore not every request is believed. */
export class CookieGate {
  readonly #origins: OriginPolicy;
  readonly #ownOrigin: OriginPolicy;

  constructor(origins: OriginPolicy, trust: ProxyTrust) {
    this.#origins = origins;
    this.#ownOrigin = new OriginPolicy([], trust);
  }

  /**
   * Whether cookies of this request count: it comes from one of our own pages, from an origin that is listed by
   * name, or somebody followed a link. What a page of others merely embeds has no origin, but browsers tell of it.
   */
  trusts(request: GateRequest): boolean {
    const { origin, "sec-fetch-site": site, "sec-fetch-mode": mode } = request.headers;
    if (origin === undefined) {
      return (site !== "cross-site" && site !== "same-site") || mode === "navigate";
    }
    const listed = this.#origins.allowOrigin(request);
    return (listed !== undefined && listed !== "*") || this.#ownOrigin.allows(request);
  }

  /** What stands for a token to watch, and for nothing else; several passes are joined by commas. Secret. */
  pass(request: GateRequest): string | undefined {
    const values = this.#trusted(request, passCookie).slice(0, maxSameName);
    return values.length === 0 ? undefined : values.join(",");
  }

  /**
   * By which a client is known again: what it calls itself in the request (`shown`), else the cookie that was chosen at
   * random by us. Shown by the client either way: nothing may hang on it.
   */
  clientId(request: GateRequest, shown?: string | null): string | undefined {
    const named = readClientId(shown);
    if (named !== undefined) return named;
    return this.#trusted(request, clientCookie).find((value) => cookieIdPattern.test(value));
  }

  #trusted(request: GateRequest, name: string): string[] {
    const { cookie } = request.headers;
    if (cookie === undefined || !this.trusts(request)) return [];
    return cookieValues(cookie, name);
  }
}
