import { RefusedError } from "../core/errors.ts";
import type { PlayPass } from "../core/ports.ts";
import {
  type Gate,
  gate,
  type OpennessSetting,
  opennessOf,
  refusal,
  requireAddress,
} from "./gate.ts";
import type { JwtReader } from "./jwt.ts";
import type { LoginPasses } from "./login-passes.ts";
import { isOpenTo, type Openness } from "./openness.ts";
import { TokenSet } from "./token-set.ts";

/** Who asks for what an administrator may see and do. */
export interface AdminRequest {
  /** Secret. */
  readonly token: string | undefined;
  /** What the browser was given when the token was typed in. Secret. */
  readonly pass?: string | undefined;
  /** IP address without a port. */
  readonly address: string;
  /**
   * False when the request came through a proxy that is not trusted, or names a host that is not ours
   * (DNS rebinding): the address then proves nothing.
   */
  readonly addressProven: boolean;
}

/** That somebody may administer. */
export interface AdminRight {
  /** When it ends, milliseconds since 1970; undefined: never. */
  readonly expiresWallMs?: number | undefined;
}

export interface AdminAccessOptions {
  readonly tokens: readonly string[];
  readonly open: OpennessSetting;
  readonly from: readonly string[] | undefined;
  /** Tokens that are good for something else. */
  readonly others: readonly string[];
  readonly passes: LoginPasses;
  readonly jwt: JwtReader | undefined;
  wallMs(): number;
}

/** In the place of the token that a pass for a JSON Web Token stands for, which is not kept. */
const jwtMark = "an administrator by a JSON Web Token";
/** Longer tokens are not looked at. Characters. */
const maxTokenLength = 4096;

/** Who may administer: by token, by JSON Web Token, by a pass for one of them, or by being at the right place. */
export class AdminAccess {
  readonly #gate: Gate;
  readonly #others: TokenSet;
  readonly #passes: LoginPasses;
  readonly #jwt: JwtReader | undefined;
  readonly #jwtMark: string | undefined;
  readonly #wallMs: () => number;

  constructor(options: AdminAccessOptions) {
    const { tokens, open, from, others, passes, jwt } = options;
    this.#gate = gate({
      tokens,
      open: opennessOf(open, tokens.length > 0, "loopback"),
      from,
      passes,
    });
    this.#others = new TokenSet(others);
    this.#passes = passes;
    this.#jwt = jwt;
    this.#jwtMark = jwt === undefined ? undefined : passes.markOf(`${jwtMark} ${jwt.keysDigest}`);
    this.#wallMs = options.wallMs;
  }

  /** Who needs no token. */
  get open(): Openness {
    return this.#gate.open;
  }

  /**
   * @throws RefusedError `UNAUTHORIZED`, `TOKEN_INVALID`, `TOKEN_EXPIRED` 401, `FORBIDDEN` 403 when no token would
   *   help or this one is for something else, `ADDRESS_FORBIDDEN` 403, `ACCESS_UNAVAILABLE` 503.
   */
  async authorize(request: AdminRequest): Promise<AdminRight> {
    const address = request.addressProven ? request.address : "";
    requireAddress(this.#gate, address);
    const { token } = request;
    if (this.#gate.tokens.has(token) || isOpenTo(this.#gate.open, address)) return {};
    const expiresWallMs = this.#passes.expiryOf((mark) => this.#isGood(mark), request.pass);
    if (expiresWallMs !== undefined) return { expiresWallMs };
    return this.#byToken(token);
  }

  /** @throws RefusedError as `authorize`; a token is needed whatever the place. */
  async signIn({ token = "", address, addressProven }: AdminRequest): Promise<PlayPass> {
    requireAddress(this.#gate, addressProven ? address : "");
    if (this.#gate.tokens.has(token)) {
      return this.#pass(this.#passes.markOf(token), this.#passes.lifetimeSeconds);
    }
    const { expiresWallMs = 0 } = await this.#byToken(token);
    const seconds = Math.floor((expiresWallMs - this.#wallMs()) / 1000);
    return this.#pass(
      this.#jwtMark ?? "",
      Math.max(1, Math.min(this.#passes.lifetimeSeconds, seconds)),
    );
  }

  async #byToken(token: string | undefined): Promise<AdminRight> {
    if (token !== undefined && token.length <= maxTokenLength) {
      const claim = await this.#jwt?.readAdmin(token);
      if (claim?.admin === true) return { expiresWallMs: claim.expiresWallMs };
      if (claim !== undefined || this.#others.has(token)) {
        throw new RefusedError("FORBIDDEN", 403, "This token does not allow to administer.");
      }
    }
    throw refusal(this.#gate, "administer", this.#jwt !== undefined);
  }

  #isGood(mark: string): boolean {
    return this.#gate.marks.has(mark) || mark === this.#jwtMark;
  }

  #pass(mark: string, maxAgeSeconds: number): PlayPass {
    return { pass: this.#passes.issue(mark, undefined, maxAgeSeconds), maxAgeSeconds };
  }
}
