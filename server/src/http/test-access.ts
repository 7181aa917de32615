import { RefusedError } from "../core/errors.ts";
import type { Access, AccessRequest, PlayPass } from "../core/ports.ts";

/** An access seam for tests: passwords by the first segment of streams; what has none is open, an empty list is shut. */
export class FakeAccess implements Access {
  readonly #passwords: Readonly<Record<string, readonly string[]>>;
  /** Good for something, but not to watch. */
  readonly #otherTokens: readonly string[];
  /** What the passes that were given stand for. */
  readonly #given = new Map<string, ReadonlySet<string>>();

  constructor(
    passwords: Readonly<Record<string, readonly string[]>>,
    otherTokens: readonly string[] = [],
  ) {
    this.#passwords = passwords;
    this.#otherTokens = otherTokens;
  }

  async authorize({ stream, token = "" }: AccessRequest): Promise<undefined> {
    const passwords = this.#of(stream);
    if (passwords === undefined || passwords.includes(token)) return;
    if (passwords.some((password) => this.#given.get(token)?.has(password))) return;
    if (passwords.length === 0) throw new RefusedError("FORBIDDEN", 403, "Nobody may.");
    if (this.#otherTokens.includes(token)) throw new RefusedError("FORBIDDEN", 403, "Not here.");
    throw new RefusedError("UNAUTHORIZED", 401, "A token is needed.");
  }

  async logIn(request: AccessRequest, shown = ""): Promise<PlayPass | undefined> {
    await this.authorize(request);
    const { stream, token = "" } = request;
    if (this.#of(stream)?.includes(token) !== true) return undefined;
    const pass = `pass-${this.#given.size}`;
    this.#given.set(pass, new Set([token, ...(this.#given.get(shown) ?? [])]));
    return { pass, maxAgeSeconds: 43_200 };
  }

  #of(stream: string): readonly string[] | undefined {
    return this.#passwords[stream.split("/")[0] ?? ""];
  }
}
