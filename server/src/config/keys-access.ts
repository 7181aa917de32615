import { z } from "zod";
import {
  isJwtSecret,
  isKeysUrl,
  isSigningSecret,
  isStreamPattern,
  isSubnet,
  isToken,
  isTurnSecret,
  tokenAllowed,
} from "./checks.ts";
import type { AccessRuleConfig, Openness } from "./config.ts";
import { choice, integer, type KeySpec, list, objects, type SpecsOf, text } from "./kinds.ts";

const opennesses = ["auto", "nobody", "loopback", "private", "anybody"] as const;

const openness = (about: string): KeySpec<Openness> =>
  choice<Openness>({ default: "auto", of: opennesses, about });

const tokens = (about: string): KeySpec<readonly string[]> =>
  list({
    default: [],
    max: 1000,
    check: isToken,
    allowed: tokenAllowed,
    placeholder: "<token,…>",
    secret: true,
    about,
  });

const tokenList = z.array(z.string().refine(isToken)).max(1000).optional();

const networkList = z.array(z.string().refine(isSubnet)).max(64).optional();

const networks = (about: string): KeySpec<readonly string[]> =>
  list({
    default: [],
    max: 64,
    check: isSubnet,
    allowed: "an IP address or a network such as 10.0.0.0/8",
    placeholder: "<network,…>",
    about,
  });

const accessRule: z.ZodType<AccessRuleConfig> = z.strictObject({
  streams: z.string().refine(isStreamPattern),
  publishTokens: tokenList,
  playTokens: tokenList,
  publishWithoutToken: z.enum(opennesses).optional(),
  playWithoutToken: z.enum(opennesses).optional(),
  publishFrom: networkList,
  playFrom: networkList,
});

export const authKeys: SpecsOf<"auth"> = {
  "auth.publishTokens": tokens(
    "Tokens that allow publishing, as in the stream key NAME?token=TOKEN.",
  ),
  "auth.playTokens": tokens("Tokens that allow watching."),
  "auth.adminTokens": tokens("Tokens for the API beyond what a player needs."),
  "auth.publishWithoutToken": openness(
    "Who may publish without a token; auto: this machine only while there is no publish token, then nobody.",
  ),
  "auth.playWithoutToken": openness(
    "Who may watch without a token; auto: anybody while there is no play token, then nobody.",
  ),
  "auth.adminWithoutToken": openness(
    "Who may use the API without a token; auto: this machine only while there is no admin token, then nobody.",
  ),
  "auth.publishFrom": networks(
    "Networks from which alone publishing is allowed, with a token or without. Empty: from anywhere.",
  ),
  "auth.playFrom": networks(
    "Networks from which alone watching is allowed, with a token or without. Empty: from anywhere.",
  ),
  "auth.adminFrom": networks(
    "Networks from which alone the API may be used, with a token or without. Empty: from anywhere.",
  ),
  "auth.signingSecrets": list({
    default: [],
    max: 4,
    check: isSigningSecret,
    allowed: "16 to 512 characters",
    placeholder: "<secret,…>",
    secret: true,
    about:
      "Secrets of signed tokens for one stream until a point in time (`millrace token` makes them, or your back end). As soon as there is one, auto means that a token is needed.",
  }),
  "auth.jwtSecrets": list({
    default: [],
    max: 4,
    check: isJwtSecret,
    allowed: "32 to 512 characters",
    placeholder: "<secret,…>",
    secret: true,
    about:
      "Secrets of JSON Web Tokens signed with HS256, HS384 or HS512. Their claims publish and play name streams or patterns, admin is true for administrators; exp is needed.",
  }),
  "auth.jwtPublicKeys": text({
    default: "",
    check: (value) => value.length <= 4096,
    allowed: "the path of a file",
    placeholder: "<file>",
    about: "Public keys of JSON Web Tokens signed with RS, PS, ES or EdDSA: a file of PEM blocks.",
  }),
  "auth.jwksUrl": text({
    default: "",
    check: (value) => value === "" || isKeysUrl(value),
    allowed: "an https address, or an http address of this machine",
    placeholder: "<url>",
    about: "Where public keys of JSON Web Tokens are fetched from (RFC 7517).",
  }),
  "auth.jwtIssuer": text({
    default: "",
    check: (value) => value.length <= 512,
    allowed: "up to 512 characters",
    placeholder: "<text>",
    about: "What the claim iss of JSON Web Tokens must be. Empty: anything.",
  }),
  "auth.jwtAudience": text({
    default: "",
    check: (value) => value.length <= 512,
    allowed: "up to 512 characters",
    placeholder: "<text>",
    about: "What the claim aud of JSON Web Tokens must contain. Empty: anything.",
  }),
  "auth.cookieSecret": text({
    default: "",
    check: (value) => value === "" || isTurnSecret(value),
    allowed: "8 to 512 characters",
    placeholder: "<secret>",
    secret: true,
    about: "Signs the passes of the form login. Empty: random at each start, which ends them.",
  }),
  "auth.loginHours": integer({
    default: 12,
    min: 1,
    max: 8760,
    unit: "hours",
    about: "How long a password that was typed into the form of a stream's page lasts.",
  }),
  "auth.rules": objects<AccessRuleConfig>({
    default: [],
    max: 10_000,
    item: accessRule,
    allowed:
      "an object with streams (a name in which * stands for characters of a segment) and any of publishTokens, playTokens, publishWithoutToken, playWithoutToken, publishFrom, playFrom",
    secret: true,
    about: "Other access for some streams; the first rule that matches a stream's name counts.",
  }),
};
