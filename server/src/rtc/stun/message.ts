import { ipToText } from "../net/ip.ts";

/** RFC 8489 section 5: the magic cookie. */
export const STUN_COOKIE = 0x2112a442;
export const STUN_HEADER_BYTES = 20;
/** Longest message that we read: a check of a browser has about 120 bytes. */
export const MAX_STUN_BYTES = 1280;
/** RFC 8489 section 14.3: USERNAME is shorter than 509 bytes. */
export const MAX_USERNAME_BYTES = 508;

/** Message types: method Binding with each class (RFC 8489 section 5). */
export const BINDING_REQUEST = 0x0001;
export const BINDING_INDICATION = 0x0011;
export const BINDING_SUCCESS = 0x0101;
export const BINDING_ERROR = 0x0111;

/** Attribute types (RFC 8489 section 18.3, RFC 8445 section 16.1). Below 0x8000 they must be understood. */
export const Attribute = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  realm: 0x0014,
  nonce: 0x0015,
  messageIntegritySha256: 0x001c,
  passwordAlgorithm: 0x001d,
  userhash: 0x001e,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
} as const;

/** One STUN message. Byte arrays are views into the datagram. */
export interface StunMessage {
  readonly type: number;
  readonly transactionId: Uint8Array;
  readonly username: string | undefined;
  readonly priority: number | undefined;
  readonly useCandidate: boolean;
  /** Tie-breaker of a peer in the controlling role. */
  readonly controlling: bigint | undefined;
  /** Tie-breaker of a peer in the controlled role. */
  readonly controlled: bigint | undefined;
  readonly mappedAddress: { readonly address: string; readonly port: number } | undefined;
  readonly errorCode: { readonly code: number; readonly reason: string } | undefined;
  /** Where the MESSAGE-INTEGRITY attribute begins, and its 20 bytes. */
  readonly integrity: { readonly offset: number; readonly value: Uint8Array } | undefined;
  /** Where the FINGERPRINT attribute begins, and its value. */
  readonly fingerprint: { readonly offset: number; readonly value: number } | undefined;
  /** Comprehension-required attribute types that we do not know, in order, at most 16. */
  readonly unknownRequired: readonly number[];
}

type Draft = { -readonly [Key in keyof StunMessage]: StunMessage[Key] };

/** What a later occurrence or an attribute behind MESSAGE-INTEGRITY must not change (RFC 8489 section 14). */
const KNOWN_WITHOUT_VALUE: ReadonlySet<number> = new Set([
  Attribute.mappedAddress,
  Attribute.unknownAttributes,
  Attribute.realm,
  Attribute.nonce,
  Attribute.messageIntegritySha256,
  Attribute.passwordAlgorithm,
  Attribute.userhash,
]);
const MAX_UNKNOWN_REPORTED = 16;

/** Whether a datagram may be STUN by its first byte. RFC 7983 section 7. */
export function looksLikeStun(firstByte: number): boolean {
  return firstByte < 4;
}

/**
 * Reads one datagram as a STUN message; undefined when any byte is not as it must be.
 * Neither MESSAGE-INTEGRITY nor FINGERPRINT is verified here. RFC 8489 sections 5, 6.3 and 14.
 */
export function parseStun(bytes: Uint8Array): StunMessage | undefined {
  if (bytes.length < STUN_HEADER_BYTES || bytes.length > MAX_STUN_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const type = view.getUint16(0);
  const bodyBytes = view.getUint16(2);
  if (type > 0x3fff || view.getUint32(4) !== STUN_COOKIE) return undefined;
  if (bodyBytes % 4 !== 0 || bodyBytes !== bytes.length - STUN_HEADER_BYTES) return undefined;
  const message: Draft = {
    type,
    transactionId: bytes.subarray(8, STUN_HEADER_BYTES),
    username: undefined,
    priority: undefined,
    useCandidate: false,
    controlling: undefined,
    controlled: undefined,
    mappedAddress: undefined,
    errorCode: undefined,
    integrity: undefined,
    fingerprint: undefined,
    unknownRequired: [],
  };
  let offset = STUN_HEADER_BYTES;
  while (offset < bytes.length) {
    // FINGERPRINT is the last attribute (RFC 8489 section 14.7).
    if (message.fingerprint !== undefined || offset + 4 > bytes.length) return undefined;
    const attribute = view.getUint16(offset);
    const length = view.getUint16(offset + 2);
    const end = offset + 4 + length;
    if (end > bytes.length) return undefined;
    if (!readAttribute(message, attribute, offset, bytes.subarray(offset + 4, end))) {
      return undefined;
    }
    offset = offset + 4 + ((length + 3) & ~3);
  }
  return message;
}

function readAttribute(
  message: Draft,
  attribute: number,
  offset: number,
  value: Uint8Array,
): boolean {
  if (attribute === Attribute.fingerprint) {
    if (value.length !== 4) return false;
    message.fingerprint = { offset, value: uint32(value, 0) };
    return true;
  }
  // What follows MESSAGE-INTEGRITY is not protected by it and is ignored (RFC 8489 section 14.5).
  if (message.integrity !== undefined) return true;
  switch (attribute) {
    case Attribute.username:
      return readUsername(message, value);
    case Attribute.messageIntegrity:
      if (value.length !== 20) return false;
      message.integrity = { offset, value };
      return true;
    case Attribute.priority:
      if (value.length !== 4) return false;
      message.priority ??= uint32(value, 0);
      return true;
    case Attribute.useCandidate:
      if (value.length !== 0) return false;
      message.useCandidate = true;
      return true;
    case Attribute.iceControlled:
      if (value.length !== 8) return false;
      message.controlled ??= uint64(value);
      return true;
    case Attribute.iceControlling:
      if (value.length !== 8) return false;
      message.controlling ??= uint64(value);
      return true;
    case Attribute.xorMappedAddress:
      return readMappedAddress(message, value);
    case Attribute.errorCode:
      return readErrorCode(message, value);
    default:
      if (attribute < 0x8000 && !KNOWN_WITHOUT_VALUE.has(attribute)) {
        const unknown = message.unknownRequired as number[];
        if (unknown.length < MAX_UNKNOWN_REPORTED) unknown.push(attribute);
      }
      return true;
  }
}

/** ICE user names are printable ASCII (RFC 8445 section 5.3: ice-char and a colon). */
function readUsername(message: Draft, value: Uint8Array): boolean {
  if (value.length > MAX_USERNAME_BYTES) return false;
  for (const byte of value) if (byte < 0x21 || byte > 0x7e) return false;
  message.username ??= String.fromCharCode(...value);
  return true;
}

/** RFC 8489 section 14.2. */
function readMappedAddress(message: Draft, value: Uint8Array): boolean {
  const family = value[1];
  const length = family === 1 ? 8 : family === 2 ? 20 : -1;
  if (value.length !== length) return false;
  if (message.mappedAddress !== undefined) return true;
  const address = Uint8Array.from(value.subarray(4));
  for (let i = 0; i < address.length; i++) {
    const pad = i < 4 ? (STUN_COOKIE >>> (24 - 8 * i)) & 0xff : (message.transactionId[i - 4] ?? 0);
    address[i] = (address[i] ?? 0) ^ pad;
  }
  const port = (((value[2] ?? 0) << 8) | (value[3] ?? 0)) ^ (STUN_COOKIE >>> 16);
  message.mappedAddress = { address: ipToText(address), port };
  return true;
}

/** RFC 8489 section 14.8. */
function readErrorCode(message: Draft, value: Uint8Array): boolean {
  if (value.length < 4) return false;
  const hundreds = (value[2] ?? 0) & 0x07;
  const rest = value[3] ?? 0;
  if (hundreds < 3 || hundreds > 6 || rest > 99) return false;
  message.errorCode ??= {
    code: hundreds * 100 + rest,
    reason: Buffer.from(value.subarray(4)).toString("utf8"),
  };
  return true;
}

function uint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(offset);
}

function uint64(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0);
}
