import type { GateRequest, ProxyTrust } from "./proxy-trust.ts";

/** Web origins (`https://example.org`) whose pages may use us besides our own; `*` for all of them. */
export type AllowedOrigins = "*" | readonly string[];

/** Decides by the `Origin` header. A request without one does not come from a page of another site and is allowed. */
export class OriginPolicy {
  readonly #origins: ReadonlySet<string> | "*";
  readonly #trust: ProxyTrust;

  /** @throws RangeError for an entry that is not an origin. */
  constructor(origins: AllowedOrigins, trust: ProxyTrust) {
    this.#trust = trust;
    this.#origins = origins === "*" ? "*" : new Set(origins.map(checkedOrigin));
  }

  allows(request: GateRequest): boolean {
    const origin = request.headers.origin;
    return (
      origin === undefined ||
      this.#origins === "*" ||
      this.#origins.has(origin) ||
      this.#isSame(origin, request)
    );
  }

  /**
   * The value of `Access-Control-Allow-Origin`: `*`, the exact origin (then `Vary: Origin` is needed and
   * credentials may be allowed), or undefined.
   */
  allowOrigin(request: GateRequest): string | undefined {
    if (this.#origins === "*") return "*";
    return this.allows(request) ? request.headers.origin : undefined;
  }

  /** Behind a proxy that ends TLS our own scheme is not known, so hosts are compared, each with its scheme's default port. */
  #isSame(origin: string, request: GateRequest): boolean {
    try {
      const theirs = new URL(origin);
      const ours = new URL(`${theirs.protocol}//${this.#trust.host(request)}`);
      return theirs.host !== "" && theirs.host === ours.host;
    } catch {
      // `null` (sandboxed frames, files) and unparsable hosts are never the same origin.
      return false;
    }
  }
}

function checkedOrigin(text: string): string {
  const origin = URL.canParse(text) ? new URL(text).origin : "null";
  if (origin === "null" || origin !== text.replace(/\/$/, "").toLowerCase()) {
    throw new RangeError(`not a web origin such as https://example.org: ${text}`);
  }
  return origin;
}
