import { createHmac, timingSafeEqual } from "node:crypto";
import { RefusedError } from "../core/errors.ts";
import type { AccessRequest } from "../core/ports.ts";
import type { TokenReader, TokenRights } from "./token-rights.ts";

/** Tells these tokens from others, and this form of them from later ones. */
const prefix = "sig1";
const pattern = /^sig1\.(publish|play|call)\.([0-9]{1,12})\.([0-9a-f]{64})$/;

/** What a signed token is made for. */
export interface SignedTokenFor {
  readonly action: "publish" | "play" | "call";
  /** The stream's name: one stream, no pattern. */
  readonly stream: string;
  /** Seconds since 1970. */
  readonly expires: number;
  /** The only IP address that may use it; absent: any. */
  readonly address?: string | undefined;
}

/**
 * A token for one stream until a point in time, which any back end can make that has the secret:
 * `sig1.ACTION.EXPIRES.MAC`, MAC the HMAC-SHA-256 in hexadecimal of `sig1.ACTION.EXPIRES.STREAM`, and of
 * `sig1.ACTION.EXPIRES.STREAM.ADDRESS` for one address only.
 */
export function signToken(secret: string, token: SignedTokenFor): string {
  const { action, expires } = token;
  return `${prefix}.${action}.${expires}.${macOf(secret, token).toString("hex")}`;
}

/** Reads signed tokens that were made with one of the secrets. */
export class SignedTokenReader implements TokenReader {
  readonly #secrets: readonly string[];
  readonly #wallMs: () => number;

  constructor(secrets: readonly string[], wallMs: () => number) {
    this.#secrets = secrets;
    this.#wallMs = wallMs;
  }

  async read(token: string, request: AccessRequest): Promise<TokenRights | undefined> {
    if (!token.startsWith(`${prefix}.`)) return undefined;
    const parts = pattern.exec(token);
    if (parts === null || this.#secrets.length === 0) throw invalid();
    const [, action, expiresText, mac = ""] = parts;
    const expires = Number(expiresText);
    const shown = Buffer.from(mac, "hex");
    const { stream, address } = request;
    const made = { action: action as SignedTokenFor["action"], stream, expires };
    let right = false;
    for (const secret of this.#secrets) {
      right = timingSafeEqual(macOf(secret, made), shown) || right;
      right = timingSafeEqual(macOf(secret, { ...made, address }), shown) || right;
    }
    if (!right) throw invalid();
    if (expires * 1000 <= this.#wallMs()) {
      throw new RefusedError("TOKEN_EXPIRED", 401, "The token has expired.");
    }
    // Whoever may send media to everybody may send it to somebody.
    const wanted = request.action === "call" ? ["call", "publish"] : [request.action];
    return { allows: wanted.includes(made.action), expiresWallMs: expires * 1000 };
  }
}

function macOf(secret: string, { action, expires, stream, address }: SignedTokenFor): Buffer {
  const only = address === undefined ? "" : `.${address}`;
  return createHmac("sha256", secret)
    .update(`${prefix}.${action}.${expires}.${stream}${only}`)
    .digest();
}

function invalid(): RefusedError {
  return new RefusedError("TOKEN_INVALID", 401, "The token is not one for this stream.");
}
