import { createHmac, timingSafeEqual } from "node:crypto";
import { headerBytes, integrityValueBytes } from "./constants.ts";
import type { StunMessage } from "./message.ts";

const start = new Uint8Array(4);

/**
 * HMAC-SHA1 over the message before `offset`, with the header's length as if MESSAGE-INTEGRITY at `offset` were the
 * last attribute. Copies nothing. RFC 8489 section 14.5.
 */
export function integrityOf(message: Uint8Array, offset: number, key: Uint8Array): Uint8Array {
  const length = offset + 4 + integrityValueBytes - headerBytes;
  start[0] = message[0] as number;
  start[1] = message[1] as number;
  start[2] = length >>> 8;
  start[3] = length & 0xff;
  return createHmac("sha1", key).update(start).update(message.subarray(4, offset)).digest();
}

/** Whether MESSAGE-INTEGRITY is there and made with the key. Takes the same time for every wrong value. */
export function hasIntegrity(message: StunMessage, key: Uint8Array): boolean {
  const offset = message.integrityOffset;
  if (offset === undefined) return false;
  const value = message.raw.subarray(offset + 4, offset + 4 + integrityValueBytes);
  return timingSafeEqual(integrityOf(message.raw, offset, key), value);
}
