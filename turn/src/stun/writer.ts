import {
  attributes,
  fingerprintValueBytes,
  headerBytes,
  integrityValueBytes,
  magicCookie,
  transactionIdBytes,
} from "./constants.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { integrityOf } from "./integrity.ts";
import { type MessageClass, messageClasses } from "./message.ts";

/** A message to write; attributes in their order, without MESSAGE-INTEGRITY and FINGERPRINT. */
export interface StunMessageParts {
  readonly messageClass: MessageClass;
  /** 0 to 0xfff; see `methods`. */
  readonly method: number;
  /** 12 bytes. */
  readonly transactionId: Uint8Array;
  readonly attributes: readonly (readonly [type: number, value: Uint8Array])[];
}

export interface StunWriteOptions {
  /** Adds MESSAGE-INTEGRITY made with this key. */
  readonly key?: Uint8Array | undefined;
  /** Adds FINGERPRINT. */
  readonly fingerprint?: boolean | undefined;
}

/** RFC 8489 section 14.8: a reason phrase has fewer than 128 characters. */
const maxReasonCharacters = 127;
const maxLength = 0xfffc;

/**
 * Writes a message into bytes of its own. RFC 8489 section 5.
 * @throws RangeError when the method, the transaction id or the sizes do not fit.
 */
export function writeStunMessage(
  message: StunMessageParts,
  options: StunWriteOptions = {},
): Uint8Array {
  const { method, transactionId } = message;
  if (transactionId.length !== transactionIdBytes || method < 0 || method > 0xfff) {
    throw new RangeError("no such method or transaction id");
  }
  const integrityOffset = headerBytes + lengthOf(message.attributes);
  const fingerprintOffset =
    integrityOffset + (options.key === undefined ? 0 : 4 + integrityValueBytes);
  const size = fingerprintOffset + (options.fingerprint ? 4 + fingerprintValueBytes : 0);
  if (size - headerBytes > maxLength) throw new RangeError(`a message of ${size} bytes`);
  const bytes = new Uint8Array(size);
  putUint16(bytes, 0, typeOf(message.messageClass, method));
  putUint16(bytes, 2, size - headerBytes);
  putUint32(bytes, 4, magicCookie);
  bytes.set(transactionId, 8);
  let offset = headerBytes;
  for (const [type, value] of message.attributes) offset = putAttribute(bytes, offset, type, value);
  if (options.key !== undefined) {
    const value = integrityOf(bytes, integrityOffset, options.key);
    putAttribute(bytes, integrityOffset, attributes.messageIntegrity, value);
  }
  if (options.fingerprint) {
    putUint16(bytes, fingerprintOffset, attributes.fingerprint);
    putUint16(bytes, fingerprintOffset + 2, fingerprintValueBytes);
    putUint32(bytes, fingerprintOffset + 4, fingerprintOf(bytes.subarray(0, fingerprintOffset)));
  }
  return bytes;
}

/**
 * The value of ERROR-CODE. RFC 8489 section 14.8.
 * @throws RangeError when `code` is not 300 to 699 or the reason has more than 127 characters.
 */
export function errorCodeValue(code: number, reason: string): Uint8Array {
  if (!Number.isInteger(code) || code < 300 || code > 699) throw new RangeError(`no error ${code}`);
  if (reason.length > maxReasonCharacters) throw new RangeError("the reason is too long");
  const text = writeText(reason);
  const value = new Uint8Array(4 + text.length);
  value[2] = Math.floor(code / 100);
  value[3] = code % 100;
  value.set(text, 4);
  return value;
}

/** UTF-8, as USERNAME, REALM, NONCE, SOFTWARE and reasons have it: an attribute's length counts bytes. */
export function writeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The text of UTF-8 bytes, undefined when they are not UTF-8. Nothing is normalised or left out. */
export function readText(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function lengthOf(list: StunMessageParts["attributes"]): number {
  let length = 0;
  for (const [, value] of list) length += 4 + ((value.length + 3) & ~3);
  return length;
}

/** RFC 8489 section 5: the class bits stand between the bits of the method. */
function typeOf(messageClass: MessageClass, method: number): number {
  const bits = messageClasses.indexOf(messageClass);
  const spread = (method & 0x00f) | ((method & 0x070) << 1) | ((method & 0xf80) << 2);
  return spread | ((bits & 1) << 4) | ((bits & 2) << 7);
}

/** Returns where the next attribute begins; padding stays zero. */
function putAttribute(bytes: Uint8Array, offset: number, type: number, value: Uint8Array): number {
  putUint16(bytes, offset, type);
  putUint16(bytes, offset + 2, value.length);
  bytes.set(value, offset + 4);
  return offset + 4 + ((value.length + 3) & ~3);
}

function putUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value & 0xff;
}

function putUint32(bytes: Uint8Array, offset: number, value: number): void {
  putUint16(bytes, offset, value >>> 16);
  putUint16(bytes, offset + 2, value & 0xffff);
}
