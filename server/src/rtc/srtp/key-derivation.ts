import { createCipheriv, createSecretKey, type KeyObject } from "node:crypto";
import type { SrtpMaster, SrtpProfile } from "../peer.ts";

/** RFC 3711 section 4.3.1: labels of cipher key, authentication key and salt; those of RTCP follow those of RTP. */
const labels = { rtp: [0, 1, 2], rtcp: [3, 4, 5] } as const;
const blockBytes = 16;
/** Of the pseudo-random function: one block for cipher key and salt each, two for the authentication key. */
const blocksOf = [1, 2, 1] as const;

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
  assertLengths(profile, master);
  // RFC 7714 section 11: the 96-bit salt is padded with zeros to the 112 bits of RFC 3711.
  const blocks = new Uint8Array(blockBytes * 4);
  let at = 0;
  labels[what].forEach((label, kind) => {
    for (let counter = 0; counter < (blocksOf[kind] ?? 0); counter++, at += blockBytes) {
      blocks.set(master.salt, at);
      blocks[at + 7] = (blocks[at + 7] ?? 0) ^ label;
      blocks[at + 15] = counter;
    }
  });
  // RFC 3711 section 4.3.3: AES in counter mode over zeros, which is AES of the counters themselves.
  const made = createCipheriv("aes-128-ecb", createSecretKey(master.key), null).update(blocks);
  const authAt = blockBytes;
  const saltAt = 3 * blockBytes;
  return {
    cipher: createSecretKey(made.subarray(0, cipherKeyBytes)),
    auth:
      profile === "AEAD_AES_128_GCM"
        ? undefined
        : createSecretKey(made.subarray(authAt, authAt + authKeyBytes)),
    salt: made.subarray(saltAt, saltAt + saltBytes(profile)),
  };
}

/** The session keys of one direction. */
export interface DirectionKeys {
  readonly rtp: SessionKeys;
  readonly rtcp: SessionKeys;
}

/** Derives each pair of keys when it is first wanted: a viewer sends no RTP. */
export class DerivedKeys implements DirectionKeys {
  readonly #profile: SrtpProfile;
  readonly #master: SrtpMaster;
  #rtp: SessionKeys | undefined;
  #rtcp: SessionKeys | undefined;

  /** Throws when key or salt have the wrong length. */
  constructor(profile: SrtpProfile, master: SrtpMaster) {
    assertLengths(profile, master);
    this.#profile = profile;
    this.#master = master;
  }

  get rtp(): SessionKeys {
    this.#rtp ??= deriveSessionKeys(this.#profile, this.#master, "rtp");
    return this.#rtp;
  }

  get rtcp(): SessionKeys {
    this.#rtcp ??= deriveSessionKeys(this.#profile, this.#master, "rtcp");
    return this.#rtcp;
  }
}

function assertLengths(profile: SrtpProfile, { key, salt }: SrtpMaster): void {
  if (key.length !== cipherKeyBytes || salt.length !== saltBytes(profile)) {
    throw new Error(`SRTP master key or salt has the wrong length for ${profile}`);
  }
}
