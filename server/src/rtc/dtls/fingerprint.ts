import { createHash, timingSafeEqual } from "node:crypto";

/** Hash functions of `a=fingerprint` that we take, best first. */
const HASHES = ["sha-512", "sha-384", "sha-256"] as const;
export type FingerprintHash = (typeof HASHES)[number];

/** One `a=fingerprint` line. RFC 8122 section 5. */
export interface Fingerprint {
  readonly hash: FingerprintHash;
  readonly value: Uint8Array;
}

/** Reads the hash name and the hex of a line; undefined for other hash functions and broken values. */
export function parseFingerprint(hash: string, hex: string): Fingerprint | undefined {
  const known = HASHES.find((name) => name === hash.toLowerCase());
  if (known === undefined || !/^[0-9a-f]{2}(:[0-9a-f]{2})*$/i.test(hex)) return undefined;
  const value = Buffer.from(hex.replaceAll(":", ""), "hex");
  return value.length === Number(known.slice(4)) / 8 ? { hash: known, value } : undefined;
}

/** The hex of a certificate's fingerprint as SDP writes it. */
export function fingerprintText(
  certificate: Uint8Array,
  hash: FingerprintHash = "sha-256",
): string {
  return (digest(hash, certificate).toString("hex").match(/../g) ?? []).join(":").toUpperCase();
}

/**
 * Whether the certificate is one that was announced: it must match a fingerprint of the best hash
 * function among those given. RFC 8122 section 5.
 */
export function matchesFingerprint(
  certificate: Uint8Array,
  fingerprints: readonly Fingerprint[],
): boolean {
  const hash = HASHES.find((name) => fingerprints.some((fingerprint) => fingerprint.hash === name));
  if (hash === undefined) return false;
  const actual = digest(hash, certificate);
  return fingerprints.some(
    (fingerprint) => fingerprint.hash === hash && timingSafeEqual(fingerprint.value, actual),
  );
}

function digest(hash: FingerprintHash, bytes: Uint8Array): Buffer {
  return createHash(hash.replace("-", "")).update(bytes).digest();
}
