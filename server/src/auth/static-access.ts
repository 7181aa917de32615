import { systemClock } from "../core/clock.ts";
import { RefusedError } from "../core/errors.ts";
import type { Access, AccessRequest, Clock, PlayPass } from "../core/ports.ts";
import { LoginPasses } from "./login-passes.ts";
import { isOpenTo, type Openness } from "./openness.ts";
import { TokenSet } from "./token-set.ts";

/** `auto`: publish and admin from this machine, play for anybody, until there is a token; then nobody without one. */
export type OpennessSetting = Openness | "auto";

/** Other access for some streams; what is absent counts as in the general settings. */
export interface AccessRule {
  /** A stream name in which `*` stands for any characters within a segment. */
  readonly streams: string;
  readonly publishTokens?: readonly string[] | undefined;
  readonly playTokens?: readonly string[] | undefined;
  readonly publishWithoutToken?: OpennessSetting | undefined;
  readonly playWithoutToken?: OpennessSetting | undefined;
}

/** The `auth` section of the configuration. */
export interface AccessSettings {
  readonly publishTokens: readonly string[];
  readonly playTokens: readonly string[];
  readonly adminTokens: readonly string[];
  readonly publishWithoutToken: OpennessSetting;
  readonly playWithoutToken: OpennessSetting;
  readonly adminWithoutToken: OpennessSetting;
  readonly rules: readonly AccessRule[];
  /** Signs the passes of the form login; empty or absent: random, so that a restart ends them. Secret. */
  readonly cookieSecret?: string | undefined;
  /** How long the form login lasts. Default 12. */
  readonly loginHours?: number | undefined;
}

export const defaultLoginHours = 12;

/** Who asks for what an administrator may see. */
export interface AdminRequest {
  readonly token: string | undefined;
  /** IP address without a port. */
  readonly address: string;
  /**
   * False when the request came through a proxy that is not trusted, or names a host that is not ours
   * (DNS rebinding): the address then proves nothing.
   */
  readonly addressProven: boolean;
}

/** Who may do something: whoever shows one of the tokens, and these without one. */
interface Gate {
  readonly tokens: TokenSet;
  /** What stands for the tokens in passes; none where passes do not count. */
  readonly marks: ReadonlySet<string>;
  readonly open: Openness;
}

interface Rule {
  readonly pattern: RegExp;
  readonly publish: Gate;
  readonly play: Gate;
}

/** Access from the configuration: tokens, and who needs none, for all streams or by pattern of the name. */
export class StaticAccess implements Access {
  readonly #rules: readonly Rule[];
  readonly #publish: Gate;
  readonly #play: Gate;
  readonly #admin: Gate;
  readonly #passes: LoginPasses;

  constructor(settings: AccessSettings, clock: Pick<Clock, "wallMs"> = systemClock) {
    const passes = new LoginPasses({
      secret: settings.cookieSecret,
      lifetimeSeconds: Math.round((settings.loginHours ?? defaultLoginHours) * 3600),
      wallMs: () => clock.wallMs(),
    });
    this.#passes = passes;
    this.#publish = gate(settings.publishTokens, settings.publishWithoutToken, "loopback");
    this.#play = gate(settings.playTokens, settings.playWithoutToken, "anybody", passes);
    this.#admin = gate(settings.adminTokens, settings.adminWithoutToken, "loopback");
    this.#rules = settings.rules.map((rule) => ({
      pattern: streamPattern(rule.streams),
      publish: gate(
        rule.publishTokens ?? settings.publishTokens,
        rule.publishWithoutToken ?? settings.publishWithoutToken,
        "loopback",
      ),
      play: gate(
        rule.playTokens ?? settings.playTokens,
        rule.playWithoutToken ?? settings.playWithoutToken,
        "anybody",
        passes,
      ),
    }));
  }

  /** Who needs no token where no rule says otherwise. */
  get openness(): {
    readonly publish: Openness;
    readonly play: Openness;
    readonly admin: Openness;
  } {
    return { publish: this.#publish.open, play: this.#play.open, admin: this.#admin.open };
  }

  /** @throws RefusedError `UNAUTHORIZED` 401 without a good token, `FORBIDDEN` 403 when no token would help. */
  async authorize(request: AccessRequest): Promise<void> {
    const { publish, play } = this.#gatesOf(request.stream);
    // Whoever may send media to everybody may send it to somebody.
    const wanted = request.action === "play" ? play : publish;
    if (passes(wanted, request.token, request.address)) return;
    // Browsers show passes whoever asks them to: they never count for more than watching.
    if (request.action === "play" && this.#opens(request.token, play)) return;
    const other = request.action === "play" ? publish : play;
    if (other.tokens.has(request.token)) {
      throw new RefusedError("FORBIDDEN", 403, `This token does not allow to ${request.action}.`);
    }
    throw refusal(wanted, request.action);
  }

  /** @throws RefusedError `UNAUTHORIZED` 401, `FORBIDDEN` 403. */
  async logIn(request: AccessRequest, shown: string | undefined): Promise<PlayPass | undefined> {
    await this.authorize({ ...request, action: "play" });
    const { token } = request;
    const { play } = this.#gatesOf(request.stream);
    if (token === undefined || !play.tokens.has(token)) return undefined;
    const pass = this.#passes.issue(this.#passes.markOf(token), shown);
    return { pass, maxAgeSeconds: this.#passes.lifetimeSeconds };
  }

  /** @throws RefusedError `UNAUTHORIZED` 401, `FORBIDDEN` 403. */
  authorizeAdmin(request: AdminRequest): void {
    const address = request.addressProven ? request.address : "";
    if (!passes(this.#admin, request.token, address)) throw refusal(this.#admin, "administer");
  }

  #gatesOf(stream: string): { readonly publish: Gate; readonly play: Gate } {
    const rule = this.#rules.find(({ pattern }) => pattern.test(stream));
    return rule ?? { publish: this.#publish, play: this.#play };
  }

  #opens(shown: string | undefined, play: Gate): boolean {
    return this.#passes.marks(shown).some((mark) => play.marks.has(mark));
  }
}

function gate(
  tokens: readonly string[],
  setting: OpennessSetting,
  untilToken: Openness,
  passes?: LoginPasses,
): Gate {
  const auto = tokens.length > 0 ? "nobody" : untilToken;
  return {
    tokens: new TokenSet(tokens),
    marks: new Set(passes === undefined ? [] : tokens.map((token) => passes.markOf(token))),
    open: setting === "auto" ? auto : setting,
  };
}

function passes(wanted: Gate, token: string | undefined, address: string): boolean {
  return wanted.tokens.has(token) || isOpenTo(wanted.open, address);
}

function refusal(wanted: Gate, action: string): RefusedError {
  if (!wanted.tokens.isEmpty) {
    return new RefusedError("UNAUTHORIZED", 401, `A valid token is needed to ${action}.`);
  }
  const from = {
    nobody: "nobody may",
    loopback: "only this machine may",
    private: "only private networks may",
    anybody: "anybody may",
  };
  return new RefusedError(
    "FORBIDDEN",
    403,
    `Without a configured token ${from[wanted.open]} ${action}.`,
  );
}

function streamPattern(streams: string): RegExp {
  const escaped = streams.replace(/[.+\-/]/g, "\\$&").replaceAll("*", "[^/]*");
  return new RegExp(`^${escaped}$`);
}
