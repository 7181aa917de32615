import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import type { AccessSettings } from "./auth/index.ts";
import { type Config, ConfigError } from "./config/index.ts";

/**
 * What access is made with.
 * @throws ConfigError when the public keys cannot be read or are none.
 */
export function accessSettings({ auth }: Config): AccessSettings {
  const { jwtSecrets, jwtPublicKeys, jwksUrl, jwtIssuer, jwtAudience, ...settings } = auth;
  return {
    ...settings,
    jwt: {
      secrets: jwtSecrets,
      publicKeys: jwtPublicKeys === "" ? [] : readPublicKeys(jwtPublicKeys),
      jwksUrl,
      issuer: jwtIssuer,
      audience: jwtAudience,
    },
  };
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
