import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { type AccessSettings, type Openness, StaticAccess } from "./auth/index.ts";
import type { OpennessWords } from "./banner.ts";
import { type Config, ConfigError } from "./config/index.ts";

/** Who else decides. */
export interface OtherDecider {
  decides(action: "publish" | "play"): boolean;
}

/**
 * What access is made with. Where somebody else decides, everybody gets through to it until there is a token.
 * @throws ConfigError when the public keys cannot be read or are none.
 */
export function accessSettings({ auth }: Config, other: OtherDecider): AccessSettings {
  const { jwtSecrets, jwtPublicKeys, jwksUrl, jwtIssuer, jwtAudience, ...settings } = auth;
  return {
    ...settings,
    publishUntilToken: other.decides("publish") ? "anybody" : "loopback",
    jwt: {
      secrets: jwtSecrets,
      publicKeys: jwtPublicKeys === "" ? [] : readPublicKeys(jwtPublicKeys),
      jwksUrl,
      issuer: jwtIssuer,
      audience: jwtAudience,
    },
  };
}

/** Who may do what without a token, as people are told. */
export function opennessOf(config: Config, other: OtherDecider): OpennessWords {
  const { publish, play, admin } = new StaticAccess(accessSettings(config, other)).openness;
  const hook = (action: "publish" | "play", open: Openness): Openness | "hook" =>
    open === "anybody" && other.decides(action) ? "hook" : open;
  return { publish: hook("publish", publish), play: hook("play", play), admin };
}

function readPublicKeys(path: string): readonly string[] {
  const problem = (what: string): ConfigError =>
    new ConfigError([`auth.jwtPublicKeys is ${path}, ${what}.`]);
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch {
    throw problem("which cannot be read");
  }
  const keys = content.match(/-----BEGIN [A-Z ]+-----[^-]*-----END [A-Z ]+-----/g) ?? [];
  if (keys.length === 0) throw problem("which has no PEM block");
  for (const key of keys) {
    if (key.includes("PRIVATE KEY")) throw problem("which has a private key in it");
    try {
      createPublicKey(key);
    } catch {
      throw problem("which has a PEM block that is no public key");
    }
  }
  return keys;
}
