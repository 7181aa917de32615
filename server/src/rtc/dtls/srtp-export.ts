import type { SrtpKeys, SrtpProfile } from "../peer.ts";
import { prf } from "./prf.ts";
import { join } from "./tls-writer.ts";

/** Numbers of `use_srtp`, best first. RFC 5764 section 4.1.2, RFC 7714 section 14.2. */
export const SRTP_PROFILES: readonly { readonly id: number; readonly profile: SrtpProfile }[] = [
  { id: 0x0007, profile: "AEAD_AES_128_GCM" },
  { id: 0x0001, profile: "AES_CM_128_HMAC_SHA1_80" },
];

const KEY_BYTES = 16;

/** Length of a master salt, bytes. RFC 3711 section 8.2, RFC 7714 section 12. */
export function saltBytes(profile: SrtpProfile): number {
  return profile === "AEAD_AES_128_GCM" ? 12 : 14;
}

/** The SRTP master keys of one side of the handshake. RFC 5764 section 4.2, RFC 5705 section 4. */
export function exportSrtpKeys(
  profile: SrtpProfile,
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  side: "client" | "server",
): SrtpKeys {
  const salt = saltBytes(profile);
  const seed = join([clientRandom, serverRandom]);
  const material = prf(master, "EXTRACTOR-dtls_srtp", seed, 2 * (KEY_BYTES + salt));
  const salts = 2 * KEY_BYTES;
  const client = {
    key: material.subarray(0, KEY_BYTES),
    salt: material.subarray(salts, salts + salt),
  };
  const server = {
    key: material.subarray(KEY_BYTES, salts),
    salt: material.subarray(salts + salt),
  };
  return side === "server"
    ? { profile, local: server, remote: client }
    : { profile, local: client, remote: server };
}
