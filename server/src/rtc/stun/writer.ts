import { ipToBytes } from "../net/ip.ts";
import { FINGERPRINT_ATTRIBUTE_BYTES, stunFingerprint, stunIntegrity } from "./integrity.ts";
import {
  Attribute,
  BINDING_ERROR,
  BINDING_SUCCESS,
  STUN_COOKIE,
  STUN_HEADER_BYTES,
} from "./message.ts";

const CAPACITY_BYTES = 768;

/** Builds one STUN message, attribute by attribute. RFC 8489 section 5. */
export class StunWriter {
  readonly #bytes = new Uint8Array(CAPACITY_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #size = STUN_HEADER_BYTES;

  /** `transactionId` has 12 bytes. */
  constructor(type: number, transactionId: Uint8Array) {
    this.#view.setUint16(0, type);
    this.#view.setUint32(4, STUN_COOKIE);
    this.#bytes.set(transactionId, 8);
  }

  /** Appends one attribute with its padding. @throws RangeError beyond 768 bytes in all. */
  attribute(type: number, value: Uint8Array): this {
    this.#view.setUint16(this.#size, type);
    this.#view.setUint16(this.#size + 2, value.length);
    this.#bytes.set(value, this.#size + 4);
    this.#size += 4 + ((value.length + 3) & ~3);
    this.#view.setUint16(2, this.#size - STUN_HEADER_BYTES);
    return this;
  }

  /** RFC 8489 section 14.2. `address` is IP text, without or with a zone. */
  xorMappedAddress(address: string, port: number): this {
    const ip = ipToBytes(address);
    if (ip === undefined) throw new TypeError(`not an IP address: ${address}`);
    const value = new Uint8Array(4 + ip.length);
    value[1] = ip.length === 4 ? 1 : 2;
    const xorPort = port ^ (STUN_COOKIE >>> 16);
    value[2] = xorPort >> 8;
    value[3] = xorPort & 0xff;
    // The pad is the cookie and the transaction id, which stand together in the header.
    for (let i = 0; i < ip.length; i++) value[4 + i] = (ip[i] ?? 0) ^ (this.#bytes[4 + i] ?? 0);
    return this.attribute(Attribute.xorMappedAddress, value);
  }

  /** RFC 8489 section 14.8. `code` is 300 to 699. */
  errorCode(code: number, reason: string): this {
    const text = new TextEncoder().encode(reason);
    const value = new Uint8Array(4 + text.length);
    value[2] = Math.floor(code / 100);
    value[3] = code % 100;
    value.set(text, 4);
    return this.attribute(Attribute.errorCode, value);
  }

  uint32(type: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return this.attribute(type, bytes);
  }

  uint64(type: number, value: bigint): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value);
    return this.attribute(type, bytes);
  }

  /** Appends MESSAGE-INTEGRITY with the ICE password. */
  integrity(key: string | Uint8Array): this {
    const value = stunIntegrity(this.#bytes, this.#size, key);
    return this.attribute(Attribute.messageIntegrity, value);
  }

  /** Appends FINGERPRINT and gives the finished message. Nothing may be appended afterwards. */
  finish(): Uint8Array {
    const offset = this.#size;
    this.#view.setUint16(2, offset - STUN_HEADER_BYTES + FINGERPRINT_ATTRIBUTE_BYTES);
    this.uint32(Attribute.fingerprint, stunFingerprint(this.#bytes, offset));
    return this.#bytes.subarray(0, this.#size);
  }
}

/** The answer to an authenticated check. RFC 8445 section 7.3. */
export function writeBindingSuccess(
  transactionId: Uint8Array,
  address: string,
  port: number,
  key: string | Uint8Array,
): Uint8Array {
  return new StunWriter(BINDING_SUCCESS, transactionId)
    .xorMappedAddress(address, port)
    .integrity(key)
    .finish();
}

/** Refuses an authenticated check; `unknown` are the attribute types of a 420. RFC 8489 section 6.3.1. */
export function writeBindingError(
  transactionId: Uint8Array,
  code: number,
  reason: string,
  key: string | Uint8Array,
  unknown: readonly number[] = [],
): Uint8Array {
  const writer = new StunWriter(BINDING_ERROR, transactionId).errorCode(code, reason);
  if (unknown.length > 0) {
    const value = new Uint8Array(unknown.length * 2);
    unknown.forEach((type, i) => {
      value[2 * i] = type >> 8;
      value[2 * i + 1] = type & 0xff;
    });
    writer.attribute(Attribute.unknownAttributes, value);
  }
  return writer.integrity(key).finish();
}
