import { RefusedError } from "../core/errors.ts";
import type { Access, AccessRequest } from "../core/ports.ts";
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
}

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

  constructor(settings: AccessSettings) {
    this.#publish = gate(settings.publishTokens, settings.publishWithoutToken, "loopback");
    this.#play = gate(settings.playTokens, settings.playWithoutToken, "anybody");
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
    const rule = this.#rules.find(({ pattern }) => pattern.test(request.stream));
    const { publish, play } = rule ?? { publish: this.#publish, play: this.#play };
    // Whoever may send media to everybody may send it to somebody.
    const wanted = request.action === "play" ? play : publish;
    if (passes(wanted, request.token, request.address)) return;
    const other = request.action === "play" ? publish : play;
    if (other.tokens.has(request.token)) {
      throw new RefusedError("FORBIDDEN", 403, `This token does not allow to ${request.action}.`);
    }
    throw refusal(wanted, request.action);
  }

  /** @throws RefusedError `UNAUTHORIZED` 401, `FORBIDDEN` 403. */
  authorizeAdmin(request: AdminRequest): void {
    const address = request.addressProven ? request.address : "";
    if (!passes(this.#admin, request.token, address)) throw refusal(this.#admin, "administer");
  }
}

function gate(tokens: readonly string[], setting: OpennessSetting, untilToken: Openness): Gate {
  const auto = tokens.length > 0 ? "nobody" : untilToken;
  return { tokens: new TokenSet(tokens), open: setting === "auto" ? auto : setting };
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
