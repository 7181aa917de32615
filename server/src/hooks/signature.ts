import { createHmac } from "node:crypto";

/** The header that proves who sent a webhook. */
export const signatureHeader = "Millrace-Signature";

/**
 * `t=SECONDS,v1=HEX`: HMAC-SHA-256 of `SECONDS.BODY` with each secret, so that a secret can be changed while both
 * count. Receivers compare in constant time and refuse what is older than some minutes.
 */
export function signatureOf(secrets: readonly string[], body: string, wallMs: number): string {
  const seconds = Math.floor(wallMs / 1000);
  const macs = secrets.map((secret) =>
    createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex"),
  );
  return [`t=${seconds}`, ...macs.map((mac) => `v1=${mac}`)].join(",");
}
