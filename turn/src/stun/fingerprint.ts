import { crc32 } from "node:zlib";

/** "STUN" in ASCII. */
const fingerprintXor = 0x5354554e;

/** The value of FINGERPRINT behind `before`, unsigned, where the header's length counts FINGERPRINT. RFC 8489 section 14.7. */
export function fingerprintOf(before: Uint8Array): number {
  return (crc32(before) ^ fingerprintXor) >>> 0;
}
