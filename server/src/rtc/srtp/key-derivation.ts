import { createCipheriv, createSecretKey, type KeyObject } from "node:crypto";
import type { SrtpMaster, SrtpProfile } from "../peer.ts";

/** RFC 3711 section 4.3.1: the label of each session key. */
const label = {
  rtpCipher: 0,
  rtpAuth: 1,
  rtpSalt: 2,
  rtcpCipher: 3,
  rtcpAuth: 4,
  rtcpSalt: 5,
} as const;

const cipherKeyBytes = 16;
const authKeyBytes = 20;

/** Salt length of a profile in bytes, master and session alike (RFC 3711 section 8.2, RFC 7714 section 12). */
export function saltBytes(profile: SrtpProfile): number {
  return profile === "AEAD_AES_128_GCM" ? 12 : 14;
}

/** What protects RTP or RTCP in one direction. `auth` is absent for AEAD profiles. */
export interface SessionKeys {
  readonly cipher: KeyObject;
  readonly auth: KeyObject | undefined;
  readonly salt: Uint8Array;
}

/**
 * Derives the session keys of one direction from its master key; key derivation rate 0, which is all that
 * DTLS-SRTP uses. RFC 3711 section 4.3, RFC 7714 section 11. Throws when key or salt have the wrong length.
 */
export function deriveSessionKeys(
  profile: SrtpProfile,
  master: SrtpMaster,
  what: "rtp" | "rtcp",
): SessionKeys {
  if (master.key.length !== cipherKeyBytes || master.salt.length !== saltBytes(profile)) {
    throw new Error(`SRTP master key or salt has the wrong length for ${profile}`);
  }
  const key = createSecretKey(master.key);
  // RFC 7714 section 11: the 96-bit salt is padded with zeros to the 112 bits of RFC 3711.
  const salt = new Uint8Array(14);
  salt.set(master.salt);
  const derive = (kind: number, length: number) => deriveBytes(key, salt, kind, length);
  const rtp = what === "rtp";
  return {
    cipher: createSecretKey(derive(rtp ? label.rtpCipher : label.rtcpCipher, cipherKeyBytes)),
    auth:
      profile === "AEAD_AES_128_GCM"
        ? undefined
        : createSecretKey(derive(rtp ? label.rtpAuth : label.rtcpAuth, authKeyBytes)),
    salt: derive(rtp ? label.rtpSalt : label.rtcpSalt, saltBytes(profile)),
  };
}

/** RFC 3711 section 4.3.3: AES in counter mode as pseudo-random function. */
function deriveBytes(
  master: KeyObject,
  salt: Uint8Array,
  kind: number,
  length: number,
): Uint8Array {
  const iv = new Uint8Array(16);
  iv.set(salt);
  iv[7] = (iv[7] ?? 0) ^ kind;
  return createCipheriv("aes-128-ctr", master, iv).update(new Uint8Array(length));
}
