import { systemClock } from "../core/clock.ts";
import { RefusedError } from "../core/errors.ts";
import type { Access, AccessRequest, Clock, Grant, PlayPass } from "../core/ports.ts";
import { AdminAccess } from "./admin-access.ts";
import {
  type Gate,
  gate,
  type OpennessSetting,
  opennessOf,
  passes,
  refusal,
  requireAddress,
} from "./gate.ts";
import { JwtReader, type JwtSettings, verifiesJwt } from "./jwt.ts";
import { LoginPasses } from "./login-passes.ts";
import type { Openness } from "./openness.ts";
import { PatternIndex } from "./pattern-index.ts";
import { SignedTokenReader } from "./signed-token.ts";
import type { TokenReader, TokenRights } from "./token-rights.ts";

/** Other access for some streams; what is absent counts as in the general settings. */
export interface AccessRule {
  /** A stream name in which `*` stands for any characters within a segment. */
  readonly streams: string;
  readonly publishTokens?: readonly string[] | undefined;
  readonly playTokens?: readonly string[] | undefined;
  readonly publishWithoutToken?: OpennessSetting | undefined;
  readonly playWithoutToken?: OpennessSetting | undefined;
  /** Networks from which alone that may be done; empty: from anywhere. */
  readonly publishFrom?: readonly string[] | undefined;
  readonly playFrom?: readonly string[] | undefined;
}

/** The `auth` section of the configuration. */
export interface AccessSettings {
  readonly publishTokens: readonly string[];
  readonly playTokens: readonly string[];
  readonly adminTokens: readonly string[];
  readonly publishWithoutToken: OpennessSetting;
  readonly playWithoutToken: OpennessSetting;
  readonly adminWithoutToken: OpennessSetting;
  /** Who may publish while there is no token for it and the setting is `auto`. Default `loopback`. */
  readonly publishUntilToken?: Openness | undefined;
  /** Networks (CIDR) from which alone that may be done, with a token or without; empty: from anywhere. */
  readonly publishFrom?: readonly string[] | undefined;
  readonly playFrom?: readonly string[] | undefined;
  readonly adminFrom?: readonly string[] | undefined;
  /** What signed tokens are made with. Secret. */
  readonly signingSecrets?: readonly string[] | undefined;
  readonly jwt?: JwtSettings | undefined;
  readonly rules: readonly AccessRule[];
  /** Signs the passes of the form login; empty or absent: random, so that a restart ends them. Secret. */
  readonly cookieSecret?: string | undefined;
  /** How long the form login lasts. Default 12. */
  readonly loginHours?: number | undefined;
}

export const defaultLoginHours = 12;
/** Longer ones are not looked at. Characters. */
const maxTokenLength = 4096;

interface Gates {
  readonly publish: Gate;
  readonly play: Gate;
}

/** Access from the configuration: tokens, and who needs none, for all streams or by pattern of the name. */
export class StaticAccess implements Access {
  /** Who may administer. */
  readonly admin: AdminAccess;
  readonly #rules: PatternIndex<Gates>;
  readonly #general: Gates;
  readonly #readers: readonly TokenReader[];
  readonly #passes: LoginPasses;
  readonly #wallMs: () => number;

  constructor(settings: AccessSettings, clock: Pick<Clock, "wallMs"> = systemClock) {
    const wallMs = (): number => clock.wallMs();
    const lifetimeSeconds = Math.round((settings.loginHours ?? defaultLoginHours) * 3600);
    const passOptions = { secret: settings.cookieSecret, lifetimeSeconds, wallMs };
    const passes = new LoginPasses({ ...passOptions, purpose: "play" });
    this.#passes = passes;
    this.#wallMs = wallMs;
    const { jwt, signingSecrets = [] } = settings;
    const readers: TokenReader[] = [];
    if (signingSecrets.length > 0)
      readers.push(new SignedTokenReader(signingSecrets, this.#wallMs));
    const jwtReader = jwt && verifiesJwt(jwt) ? new JwtReader(jwt, wallMs) : undefined;
    if (jwtReader !== undefined) readers.push(jwtReader);
    this.#readers = readers;
    // Whoever can make tokens means them to be needed.
    const isSigned = readers.length > 0;
    this.#general = gatesOf(settings, isSigned, passes);
    this.admin = new AdminAccess({
      tokens: settings.adminTokens,
      open: settings.adminWithoutToken,
      from: settings.adminFrom,
      others: [settings, ...settings.rules].flatMap(({ publishTokens = [], playTokens = [] }) => [
        ...publishTokens,
        ...playTokens,
      ]),
      passes: new LoginPasses({ ...passOptions, purpose: "admin" }),
      jwt: jwtReader,
      wallMs,
    });
    this.#rules = new PatternIndex(
      settings.rules.map((rule) => [
        rule.streams,
        gatesOf({ ...settings, ...present(rule) }, isSigned, passes),
      ]),
    );
  }

  /** Who needs no token where no rule says otherwise. */
  get openness(): {
    readonly publish: Openness;
    readonly play: Openness;
    readonly admin: Openness;
  } {
    const { publish, play } = this.#general;
    return { publish: publish.open, play: play.open, admin: this.admin.open };
  }

  /**
   * @throws RefusedError `UNAUTHORIZED` 401 without a good token, `TOKEN_EXPIRED`, `TOKEN_INVALID` 401,
   *   `FORBIDDEN` 403 when no token would help, `ADDRESS_FORBIDDEN` 403, `ACCESS_UNAVAILABLE` 503.
   */
  async authorize(request: AccessRequest): Promise<Grant | undefined> {
    const { publish, play } = this.#gatesOf(request.stream);
    // Whoever may send media to everybody may send it to somebody.
    const wanted = request.action === "play" ? play : publish;
    requireAddress(wanted, request.address);
    if (passes(wanted, request.token, request.address)) return undefined;
    // Browsers show passes whoever asks them to: they never count for more than watching.
    if (request.action === "play" && this.#opens(request.token, play)) return undefined;
    const rights = await this.#rightsOf(request);
    if (rights?.allows === true) {
      const { expiresWallMs, maxBitrateBps, user } = rights;
      return { stream: request.stream, expiresWallMs, user, maxBitrateBps };
    }
    const other = request.action === "play" ? publish : play;
    if (rights !== undefined || other.tokens.has(request.token)) {
      throw new RefusedError("FORBIDDEN", 403, `This token does not allow to ${request.action}.`);
    }
    throw refusal(wanted, request.action, this.#readers.length > 0);
  }

  /** @throws RefusedError as `authorize`. */
  async logIn(request: AccessRequest, shown: string | undefined): Promise<PlayPass | undefined> {
    const grant = await this.authorize({ ...request, action: "play" });
    const { token } = request;
    if (token !== undefined && grant?.expiresWallMs !== undefined) {
      // A signed token says itself how long it is good.
      const maxAgeSeconds = Math.floor((grant.expiresWallMs - this.#wallMs()) / 1000);
      return { pass: token, maxAgeSeconds: Math.max(1, maxAgeSeconds) };
    }
    const { play } = this.#gatesOf(request.stream);
    if (token === undefined || !play.tokens.has(token)) return undefined;
    const pass = this.#passes.issue(this.#passes.markOf(token), shown);
    return { pass, maxAgeSeconds: this.#passes.lifetimeSeconds };
  }

  #gatesOf(stream: string): Gates {
    return this.#rules.find(stream) ?? this.#general;
  }

  /** What a signed token says; undefined when it is none. */
  async #rightsOf(request: AccessRequest): Promise<TokenRights | undefined> {
    const { token } = request;
    if (token === undefined || token.length > maxTokenLength) return undefined;
    for (const reader of this.#readers) {
      const rights = await reader.read(token, request);
      if (rights !== undefined) return rights;
    }
    return undefined;
  }

  #opens(shown: string | undefined, play: Gate): boolean {
    return this.#passes.marks(shown).some((mark) => play.marks.has(mark));
  }
}

/** What the rule says. */
function present(rule: AccessRule): Partial<AccessSettings> {
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined));
}

function gatesOf(settings: AccessSettings, isSigned: boolean, passes: LoginPasses): Gates {
  const { publishTokens, playTokens } = settings;
  const publishNeedsToken = isSigned || publishTokens.length > 0;
  const playNeedsToken = isSigned || playTokens.length > 0;
  return {
    publish: gate({
      tokens: publishTokens,
      open: opennessOf(
        settings.publishWithoutToken,
        publishNeedsToken,
        settings.publishUntilToken ?? "loopback",
      ),
      from: settings.publishFrom,
    }),
    play: gate({
      tokens: playTokens,
      open: opennessOf(settings.playWithoutToken, playNeedsToken, "anybody"),
      from: settings.playFrom,
      passes,
    }),
  };
}
