import {
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

/** Tells passes from tokens, and this form of them from later ones. */
const prefix = "mrp1";
/** Tokens that one pass stands for; the oldest ones are left out. */
const maxGrants = 8;
/** Passes that a request may show at once, joined by commas. */
const maxPasses = 2;
/** Longer ones are not looked at. Characters; a full pass has fewer than 400. */
const maxPassLength = 1024;

export interface LoginPassOptions {
  /** What passes are good for: those for one purpose are none for the other, whatever the secret. */
  readonly purpose: "play" | "admin";
  /** What passes are signed with; empty or absent: random, so that a restart ends all passes. Secret. */
  readonly secret?: string | undefined;
  /** How long a pass is good. */
  readonly lifetimeSeconds: number;
  /** Milliseconds since 1970. */
  wallMs(): number;
}

const keyNames = { play: "millrace login passes", admin: "millrace admin passes" } as const;

interface Grant {
  readonly expires: number;
  readonly mark: string;
}

/**
 * Passes: what a browser is given for a good token, so that it need not keep the token. A pass names the tokens
 * that were shown by marks, which only this server can make, with the second in which each expires:
 * `mrp1.EXPIRES.MARK.….MAC`, the last part an HMAC-SHA-256 of those before.
 */
export class LoginPasses {
  readonly lifetimeSeconds: number;
  readonly #key: KeyObject;
  readonly #wallMs: () => number;

  constructor({ purpose, secret = "", lifetimeSeconds, wallMs }: LoginPassOptions) {
    this.lifetimeSeconds = lifetimeSeconds;
    this.#key = createSecretKey(
      secret === ""
        ? randomBytes(32)
        : createHmac("sha256", keyNames[purpose]).update(secret).digest(),
    );
    this.#wallMs = wallMs;
  }

  /** What stands for a token in passes: the same for the same token and key, and of no use without the key. */
  markOf(token: string): string {
    return this.#mac(`token ${token}`).subarray(0, 16).toString("base64url");
  }

  /** A pass for the token with that mark, and for those of the passes shown that are still good. */
  issue(mark: string, shown?: string, lifetimeSeconds: number = this.lifetimeSeconds): string {
    const expires = Math.floor(this.#wallMs() / 1000) + lifetimeSeconds;
    const others = this.#grants(shown).filter((grant) => grant.mark !== mark);
    const grants = [{ expires, mark }, ...others].slice(0, maxGrants);
    const body = [prefix, ...grants.flatMap((grant) => [grant.expires, grant.mark])].join(".");
    return `${body}.${this.#sign(body).toString("base64url")}`;
  }

  /** The marks of tokens that these passes stand for now; none when they are not ours or too old. */
  marks(shown: string | undefined): readonly string[] {
    return this.#grants(shown).map(({ mark }) => mark);
  }

  /** When what these passes stand for by a good mark ends, milliseconds since 1970; undefined: they do not, or not now. */
  expiryOf(isGood: (mark: string) => boolean, shown: string | undefined): number | undefined {
    const grant = this.#grants(shown).find(({ mark }) => isGood(mark));
    return grant === undefined ? undefined : grant.expires * 1000;
  }

  #grants(shown: string | undefined): Grant[] {
    if (shown === undefined || !shown.startsWith(`${prefix}.`)) return [];
    return shown
      .split(",", maxPasses)
      .flatMap((pass) => this.#read(pass))
      .filter(({ expires }) => expires * 1000 > this.#wallMs())
      .sort((a, b) => b.expires - a.expires);
  }

  #read(pass: string): Grant[] {
    const end = pass.lastIndexOf(".");
    if (end < 0 || pass.length > maxPassLength) return [];
    const body = pass.slice(0, end);
    const mac = Buffer.from(pass.slice(end + 1), "base64url");
    const right = this.#sign(body);
    if (mac.length !== right.length || !timingSafeEqual(mac, right)) return [];
    const [first, ...parts] = body.split(".");
    const grants: Grant[] = [];
    if (first !== prefix) return [];
    for (let at = 0; at + 1 < parts.length; at += 2) {
      grants.push({ expires: Number(parts[at]), mark: parts[at + 1] ?? "" });
    }
    return grants;
  }

  #sign(body: string): Buffer {
    return this.#mac(`pass ${body}`);
  }

  #mac(text: string): Buffer {
    return createHmac("sha256", this.#key).update(text).digest();
  }
}
