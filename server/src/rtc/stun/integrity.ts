import { createHmac, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { STUN_HEADER_BYTES, type StunMessage } from "./message.ts";

/** RFC 8489 section 14.7: "STUN" in ASCII. */
const FINGERPRINT_XOR = 0x5354554e;
export const INTEGRITY_ATTRIBUTE_BYTES = 24;
export const FINGERPRINT_ATTRIBUTE_BYTES = 8;

/**
 * HMAC-SHA1 over the message before `offset`, with the length field as if MESSAGE-INTEGRITY were
 * the last attribute. `key` is the ICE password. RFC 8489 section 14.5.
 */
export function stunIntegrity(bytes: Uint8Array, offset: number, key: string | Uint8Array): Buffer {
  const length = offset - STUN_HEADER_BYTES + INTEGRITY_ATTRIBUTE_BYTES;
  return createHmac("sha1", key)
    .update(bytes.subarray(0, 2))
    .update(Uint8Array.of(length >> 8, length & 0xff))
    .update(bytes.subarray(4, offset))
    .digest();
}

/** CRC-32 of the message before `offset`, whose length field already counts FINGERPRINT. */
export function stunFingerprint(bytes: Uint8Array, offset: number): number {
  return (crc32(bytes.subarray(0, offset)) ^ FINGERPRINT_XOR) >>> 0;
}

/** Whether the message carries MESSAGE-INTEGRITY made with `key`. Takes the same time for any wrong value. */
export function hasIntegrity(
  message: StunMessage,
  bytes: Uint8Array,
  key: string | Uint8Array,
): boolean {
  if (message.integrity === undefined) return false;
  const expected = stunIntegrity(bytes, message.integrity.offset, key);
  return timingSafeEqual(expected, message.integrity.value);
}

/** Whether the message carries a right FINGERPRINT. */
export function hasFingerprint(message: StunMessage, bytes: Uint8Array): boolean {
  const { fingerprint } = message;
  return (
    fingerprint !== undefined && fingerprint.value === stunFingerprint(bytes, fingerprint.offset)
  );
}
