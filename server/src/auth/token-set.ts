import { createHmac, randomBytes } from "node:crypto";

/** Secret tokens. A look-up takes as long with one as with 10,000, and how long says nothing about them. */
export class TokenSet {
  /** Nobody can choose tokens whose digests begin like others'. */
  readonly #key = randomBytes(32);
  readonly #digests: ReadonlySet<string>;

  constructor(tokens: readonly string[]) {
    this.#digests = new Set(tokens.map((token) => this.#digest(token)));
  }

  get isEmpty(): boolean {
    return this.#digests.size === 0;
  }

  has(token: string | undefined): boolean {
    if (token === undefined || token.length > maxTokenLength) return false;
    return this.#digests.has(this.#digest(token));
  }

  #digest(token: string): string {
    return createHmac("sha256", this.#key).update(token).digest("base64");
  }
}

/** Longer tokens are not looked at. Characters. */
const maxTokenLength = 4096;
