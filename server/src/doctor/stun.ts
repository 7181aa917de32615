import { createHmac, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/** RFC 8489 section 5. */
const cookie = 0x2112a442;
const headerBytes = 20;
/** RFC 8489 section 14.7: "STUN" in ASCII. */
const fingerprintXor = 0x5354554e;

/** Types of requests and what their answers add. RFC 8489 section 5, RFC 8656 section 17. */
export const StunMethod = { binding: 0x0001, allocate: 0x0003, refresh: 0x0004 } as const;
const successBits = 0x0100;
const errorBits = 0x0110;

/** RFC 8489 section 18.3, RFC 8445 section 20.1, RFC 8656 section 18. */
export const StunAttribute = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  lifetime: 0x000d,
  realm: 0x0014,
  nonce: 0x0015,
  requestedTransport: 0x0019,
  priority: 0x0024,
  fingerprint: 0x8028,
  iceControlling: 0x802a,
} as const;

export interface StunReply {
  readonly outcome: "success" | "error";
  /** 300 to 699; 0 for a success. */
  readonly errorCode: number;
  readonly attributes: ReadonlyMap<number, Buffer>;
}

/** A request, with MESSAGE-INTEGRITY when there is a key, and FINGERPRINT. RFC 8489 sections 5, 14.5 and 14.7. */
export function writeStunRequest(
  method: number,
  attributes: readonly (readonly [type: number, value: Uint8Array])[],
  key?: string | Uint8Array,
): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(method, 0);
  header.writeUInt32BE(cookie, 4);
  randomBytes(12).copy(header, 8);
  let message = Buffer.concat([header, ...attributes.map(([type, value]) => field(type, value))]);
  if (key !== undefined) {
    message.writeUInt16BE(message.length - headerBytes + 24, 2);
    const hmac = createHmac("sha1", key).update(message).digest();
    message = Buffer.concat([message, field(StunAttribute.messageIntegrity, hmac)]);
  }
  message.writeUInt16BE(message.length - headerBytes + 8, 2);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE((crc32(message) ^ fingerprintXor) >>> 0);
  return Buffer.concat([message, field(StunAttribute.fingerprint, crc)]);
}

/** The length of the STUN message at the beginning; undefined while its header is not there. */
export function stunLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < 4) return undefined;
  return headerBytes + (((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
}

/** The answer to `request`; undefined when the bytes are something else. */
export function parseStunReply(bytes: Buffer, request: Buffer): StunReply | undefined {
  if (bytes.length < headerBytes || stunLength(bytes) !== bytes.length) return undefined;
  if (!bytes.subarray(4, headerBytes).equals(request.subarray(4, headerBytes))) return undefined;
  const type = bytes.readUInt16BE(0);
  const method = request.readUInt16BE(0);
  const isSuccess = type === (method | successBits);
  if (!isSuccess && type !== (method | errorBits)) return undefined;
  const attributes = new Map<number, Buffer>();
  for (let at = headerBytes; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2);
    if (at + 4 + length > bytes.length) return undefined;
    const attribute = bytes.readUInt16BE(at);
    if (!attributes.has(attribute))
      attributes.set(attribute, bytes.subarray(at + 4, at + 4 + length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
  const error = attributes.get(StunAttribute.errorCode);
  const errorCode = (error?.[2] ?? 0) * 100 + (error?.[3] ?? 0);
  return isSuccess
    ? { outcome: "success", errorCode: 0, attributes }
    : { outcome: "error", errorCode, attributes };
}

/** A number of 32 bits as the value of an attribute. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function field(type: number, value: Uint8Array): Buffer {
  const out = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  out.writeUInt16BE(type, 0);
  out.writeUInt16BE(value.length, 2);
  out.set(value, 4);
  return out;
}
