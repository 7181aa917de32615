import { createHash, timingSafeEqual } from "node:crypto";

/** A few secret tokens. How long a look-up takes says nothing about them. */
export class TokenSet {
  readonly #digests: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#digests = tokens.map(digest);
  }

  get isEmpty(): boolean {
    return this.#digests.length === 0;
  }

  has(token: string | undefined): boolean {
    if (token === undefined || token.length > maxTokenLength) return false;
    const shown = digest(token);
    let found = false;
    // All are compared, found or not, so that the time taken is the same.
    for (const known of this.#digests) found = timingSafeEqual(known, shown) || found;
    return found;
  }
}

/** Longer tokens are not looked at. Characters. */
const maxTokenLength = 4096;

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
