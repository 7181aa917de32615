import { createHash, createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { RefusedError } from "../core/errors.ts";
import type { AccessRequest } from "../core/ports.ts";
import { PatternIndex } from "./pattern-index.ts";
import type { TokenReader, TokenRights } from "./token-rights.ts";

/** RFC 7519 tokens: what signs them, and what they must say. */
export interface JwtSettings {
  /** Secrets of HS256, HS384 and HS512. */
  readonly secrets: readonly string[];
  /** Public keys in PEM, of RS, PS, ES and EdDSA. */
  readonly publicKeys: readonly string[];
  /** Where public keys are fetched from (RFC 7517), as they are needed; empty: nowhere. */
  readonly jwksUrl: string;
  /** What `iss` must be; empty: anything. */
  readonly issuer: string;
  /** What `aud` must contain; empty: anything. */
  readonly audience: string;
}

/** Limits of what tokens cost here. */
export interface JwtLimits {
  /** Verified tokens that are remembered. */
  readonly maxRemembered: number;
  /** Patterns of stream names in one claim. */
  readonly maxPatterns: number;
  /** Waiting for keys, ms. */
  readonly keysTimeoutMs: number;
  /** Between two fetches of keys, ms, whatever tokens name. */
  readonly keysCooldownMs: number;
  /** Fetched keys are fetched again after so long, ms. */
  readonly keysMaxAgeMs: number;
}

export const defaultJwtLimits: JwtLimits = {
  maxRemembered: 10_000,
  maxPatterns: 1000,
  keysTimeoutMs: 3_000,
  keysCooldownMs: 30_000,
  keysMaxAgeMs: 600_000,
};

/** Clocks of whoever makes tokens may be off by this. Seconds. */
const clockToleranceSeconds = 5;
const secretAlgorithms = ["HS256", "HS384", "HS512"];
const publicAlgorithms = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
const maxUserLength = 128;

/** What a token says of its bearer, whatever the stream. */
export interface AdminClaim {
  /** The claim `admin` is true. */
  readonly admin: boolean;
  /** When it ends, milliseconds since 1970. */
  readonly expiresWallMs: number;
}

interface Verified extends AdminClaim {
  readonly user: string | undefined;
  readonly maxBitrateBps: number | undefined;
  readonly publish: PatternIndex<true>;
  readonly play: PatternIndex<true>;
}

/** Whether anything could verify a token. */
export function verifiesJwt({ secrets, publicKeys, jwksUrl }: JwtSettings): boolean {
  return secrets.length > 0 || publicKeys.length > 0 || jwksUrl !== "";
}

/**
 * Reads JSON Web Tokens. The claims `publish` and `play` name streams: a pattern such as `live/*`, or a list of them;
 * `admin` is true for administrators. `exp` is needed; `sub` tells who it is. A token is verified once and then known until it expires.
 */
export class JwtReader implements TokenReader {
  readonly #settings: JwtSettings;
  readonly #limits: JwtLimits;
  readonly #wallMs: () => number;
  readonly #secrets: readonly KeyObject[];
  readonly #publicKeys: readonly KeyObject[];
  readonly #remote: ReturnType<typeof createRemoteJWKSet> | undefined;
  /** By digest, least recently used first. */
  readonly #verified = new Map<string, Verified>();

  constructor(settings: JwtSettings, wallMs: () => number, limits?: Partial<JwtLimits>) {
    this.#settings = settings;
    this.#wallMs = wallMs;
    this.#limits = { ...defaultJwtLimits, ...limits };
    this.#secrets = settings.secrets.map((secret) => createSecretKey(Buffer.from(secret)));
    this.#publicKeys = settings.publicKeys.map((pem) => createPublicKey(pem));
    if (settings.jwksUrl !== "") {
      this.#remote = createRemoteJWKSet(new URL(settings.jwksUrl), {
        timeoutDuration: this.#limits.keysTimeoutMs,
        cooldownDuration: this.#limits.keysCooldownMs,
        cacheMaxAge: this.#limits.keysMaxAgeMs,
      });
    }
  }

  /** Changes with what verifies tokens. Tells nothing of it. */
  get keysDigest(): string {
    return createHash("sha256").update(JSON.stringify(this.#settings)).digest("base64url");
  }

  /** Tokens that are remembered now. */
  get remembered(): number {
    return this.#verified.size;
  }

  async read(token: string, request: AccessRequest): Promise<TokenRights | undefined> {
    if (!isJwt(token)) return undefined;
    const { publish, play, expiresWallMs, user, maxBitrateBps } = await this.#verify(token);
    const streams = request.action === "play" ? play : publish;
    const allows = streams.find(request.stream) === true;
    return { allows, expiresWallMs, user, maxBitrateBps };
  }

  /** Undefined when it is none. @throws RefusedError as `read`. */
  async readAdmin(token: string): Promise<AdminClaim | undefined> {
    return isJwt(token) ? this.#verify(token) : undefined;
  }

  async #verify(token: string): Promise<Verified> {
    const digest = createHash("sha256").update(token).digest("base64");
    const known = this.#verified.get(digest);
    if (known !== undefined) {
      this.#verified.delete(digest);
      if (known.expiresWallMs <= this.#wallMs()) throw expired();
      this.#verified.set(digest, known);
      return known;
    }
    const verified = this.#claims(await this.#payloadOf(token));
    this.#verified.set(digest, verified);
    if (this.#verified.size > this.#limits.maxRemembered) {
      const [oldest] = this.#verified.keys();
      if (oldest !== undefined) this.#verified.delete(oldest);
    }
    return verified;
  }

  async #payloadOf(token: string): Promise<JWTPayload> {
    const { issuer, audience } = this.#settings;
    const algorithm = algorithmOf(token);
    const isSecret = secretAlgorithms.includes(algorithm);
    const options: JWTVerifyOptions = {
      // Never the other kind: a public key is no secret (RFC 8725 section 2.1).
      algorithms: isSecret ? secretAlgorithms : publicAlgorithms,
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(this.#wallMs()),
      requiredClaims: ["exp"],
      ...(issuer === "" ? {} : { issuer }),
      ...(audience === "" ? {} : { audience }),
    };
    const type = keyTypeOf(algorithm);
    const publicKeys = this.#publicKeys.filter((key) => key.asymmetricKeyType === type);
    for (const key of isSecret ? this.#secrets : publicKeys) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (error) {
        if (!isOtherKey(error)) throw refusalOf(error);
      }
    }
    if (isSecret || this.#remote === undefined) throw invalid();
    try {
      return (await jwtVerify(token, this.#remote, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw refusalOf(error);
      // The token does not say which of them.
      for await (const key of error) {
        const { payload } = await jwtVerify(token, key, options).catch(noPayload);
        if (payload !== undefined) return payload;
      }
      throw invalid();
    }
  }

  #claims(payload: JWTPayload): Verified {
    return {
      expiresWallMs: (payload.exp ?? 0) * 1000,
      user: typeof payload.sub === "string" ? payload.sub.slice(0, maxUserLength) : undefined,
      admin: payload["admin"] === true,
      maxBitrateBps: bitrateOf(payload["maxBitrateBps"]),
      publish: this.#patterns(payload["publish"]),
      play: this.#patterns(payload["play"]),
    };
  }

  #patterns(claim: unknown): PatternIndex<true> {
    const patterns = typeof claim === "string" ? [claim] : Array.isArray(claim) ? claim : [];
    if (patterns.length > this.#limits.maxPatterns) throw invalid();
    return new PatternIndex(
      patterns.filter((one) => typeof one === "string").map((one) => [one, true] as const),
    );
  }
}

function isJwt(token: string): boolean {
  return /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/.test(token);
}

/** A limit that is none must not stand for no limit. */
function bitrateOf(claim: unknown): number | undefined {
  if (claim === undefined) return undefined;
  if (typeof claim === "number" && claim > 0) return claim;
  throw invalid();
}

function algorithmOf(token: string): string {
  try {
    return decodeProtectedHeader(token).alg ?? "";
  } catch {
    throw invalid();
  }
}

function keyTypeOf(algorithm: string): KeyObject["asymmetricKeyType"] {
  if (algorithm.startsWith("Ed")) return "ed25519";
  return algorithm.startsWith("ES") ? "ec" : "rsa";
}

/** Goes on with the next key, where there may be one. */
function noPayload(error: unknown): { readonly payload: undefined } {
  if (isOtherKey(error)) return { payload: undefined };
  throw refusalOf(error);
}

/** Whether another key might do. */
function isOtherKey(error: unknown): boolean {
  // A key of another kind is a TypeError.
  return error instanceof errors.JWSSignatureVerificationFailed || error instanceof TypeError;
}

function refusalOf(error: unknown): RefusedError {
  if (error instanceof errors.JWTExpired) return expired();
  const isOurs =
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported;
  if (isOurs) return invalid();
  return new RefusedError(
    "ACCESS_UNAVAILABLE",
    503,
    "Nobody can tell now whether this is allowed.",
  );
}

function expired(): RefusedError {
  return new RefusedError("TOKEN_EXPIRED", 401, "The token has expired.");
}

function invalid(): RefusedError {
  return new RefusedError("TOKEN_INVALID", 401, "The token is not valid.");
}
