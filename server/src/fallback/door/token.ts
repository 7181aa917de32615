import type { IncomingMessage } from "node:http";
import { OriginPolicy, type ProxyTrust } from "@millrace/signaling/gate";

const cookieName = "millrace_token";

/** Finds the token that a request shows. */
export class TokenReader {
  readonly #origins: OriginPolicy;
  readonly #ownOrigin: OriginPolicy;

  constructor(origins: OriginPolicy, trust: ProxyTrust) {
    this.#origins = origins;
    this.#ownOrigin = new OriginPolicy([], trust);
  }

  /** `Authorization: Bearer` (RFC 6750 section 2.1), else `?token=`, else the cookie. Secret. */
  read(request: IncomingMessage, query: URLSearchParams): string | undefined {
    const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
    return bearer ?? query.get("token") ?? this.#cookie(request);
  }

  /**
   * Browsers send cookies with what any page asks for, so the cookie counts for our own pages and for
   * origins that are listed by name only.
   */
  #cookie(request: IncomingMessage): string | undefined {
    const listed = this.#origins.allowOrigin(request);
    const trusted = listed !== undefined && listed !== "*";
    if (!trusted && !this.#ownOrigin.allows(request)) return undefined;
    for (const part of (request.headers.cookie ?? "").split(";")) {
      const equals = part.indexOf("=");
      if (equals < 0 || part.slice(0, equals).trim() !== cookieName) continue;
      return unquoted(part.slice(equals + 1).trim());
    }
    return undefined;
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
