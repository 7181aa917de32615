import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";

export interface CookieOptions {
  /** The path below which it is shown; empty: all of the host. */
  readonly path: string;
  /** Came over TLS. */
  readonly secure: boolean;
  /** For a page that stands in a frame of another site. */
  readonly framed: boolean;
  /** Not even shown when somebody follows a link of another site. */
  readonly strict?: boolean;
  /** Absent: until the browser is closed. */
  readonly maxAgeSeconds?: number;
}

/**
 * Sets a cookie that scripts do not see (RFC 6265bis). In frames of other sites browsers keep and show cookies only
 * with `SameSite=None`, which needs TLS; `Partitioned` keeps it to frames in pages of the same site.
 */
export function setCookie(
  response: ServerResponse,
  name: string,
  value: string,
  { path, secure, framed, strict = false, maxAgeSeconds }: CookieOptions,
): void {
  response.appendHeader(
    "Set-Cookie",
    [
      `${name}=${value}`,
      `Path=${path === "" ? "/" : path}`,
      ...(maxAgeSeconds === undefined ? [] : [`Max-Age=${maxAgeSeconds}`]),
      "HttpOnly",
      ...(framed && secure
        ? ["SameSite=None", "Partitioned"]
        : [strict ? "SameSite=Strict" : "SameSite=Lax"]),
      ...(secure ? ["Secure"] : []),
    ].join("; "),
  );
}

/** By which a viewer who comes back is known: 128 random bits. */
export function newClientId(): string {
  return randomBytes(16).toString("base64url");
}
