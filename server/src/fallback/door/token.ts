import type { IncomingMessage } from "node:http";
import {
  CookieGate,
  cookieValues,
  type OriginPolicy,
  type ProxyTrust,
} from "@millrace/signaling/gate";

/** A token itself, as another site of ours may set it. */
const tokenCookie = "millrace_token";

/** Finds the token that a request shows. */
export class TokenReader {
  readonly #cookies: CookieGate;

  constructor(origins: OriginPolicy, trust: ProxyTrust) {
    this.#cookies = new CookieGate(origins, trust);
  }

  /**
   * `Authorization: Bearer` (RFC 6750 section 2.1), else `?token=`, else a cookie: one that has the token, else the
   * pass of the form login. Browsers send cookies with what any page asks for, so they do not always count. Secret.
   */
  read(request: IncomingMessage, query: URLSearchParams): string | undefined {
    const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
    return bearer ?? query.get("token") ?? this.#cookie(request) ?? this.#cookies.pass(request);
  }

  /** By which a viewer who comes back is known in statistics: `?client=`, else a cookie. */
  clientId(request: IncomingMessage, query: URLSearchParams): string | undefined {
    return this.#cookies.clientId(request, query.get("client"));
  }

  #cookie(request: IncomingMessage): string | undefined {
    if (!this.#cookies.trusts(request)) return undefined;
    const value = cookieValues(request.headers.cookie, tokenCookie)[0];
    return value === undefined ? undefined : unquoted(value);
  }
}

/** RFC 6265 section 4.1.1: the value may stand in double quotes. */
function unquoted(value: string): string | undefined {
  const bare = /^"(.*)"$/.exec(value)?.[1] ?? value;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
