import {
  attributes,
  fingerprintValueBytes,
  headerBytes,
  integrityValueBytes,
  magicCookie,
  maxAttributes,
  maxUnknownRequired,
} from "./constants.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { StunError } from "./stun-error.ts";

export type MessageClass = "request" | "indication" | "success" | "error";

/** By the class bits of RFC 8489 section 5. */
export const messageClasses: readonly [MessageClass, MessageClass, MessageClass, MessageClass] = [
  "request",
  "indication",
  "success",
  "error",
];

/** A checked message; its byte arrays are views into the datagram and valid as long as that. */
export interface StunMessage {
  readonly messageClass: MessageClass;
  /** 12 bits; see `methods`. */
  readonly method: number;
  /** 12 bytes. */
  readonly transactionId: Uint8Array;
  /** The whole message. */
  readonly raw: Uint8Array;
  /** The value of the first attribute of the type. Searches: ask once. */
  first(type: number): Uint8Array | undefined;
  /** The values of all attributes of the type, at most `maxAttributes`. */
  all(type: number): readonly Uint8Array[];
  /** Comprehension-required attributes (below 0x8000) that are not in `attributes`, each once, at most 32. */
  readonly unknownRequired: readonly number[];
  /** Offset of MESSAGE-INTEGRITY in `raw`, undefined when absent. */
  readonly integrityOffset: number | undefined;
}

const noTypes: readonly number[] = [];
const knownRequired: ReadonlySet<number> = new Set(
  Object.values(attributes).filter((type) => type < 0x8000),
);

/**
 * Reads the message that `data` is, without copying. Attributes behind MESSAGE-INTEGRITY are as if they were not
 * there (RFC 8489 section 14.5), but for FINGERPRINT, which has to be right.
 * @throws StunError when header, lengths, attributes or FINGERPRINT are wrong. RFC 8489 sections 5, 6.3 and 14.
 */
export function readStunMessage(data: Uint8Array): StunMessage {
  const size = data.length;
  if (size < headerBytes) throw new StunError("STUN_TOO_SHORT", `${size} bytes are no STUN header`);
  const type = uint16(data, 0);
  if (type > 0x3fff) throw new StunError("STUN_NOT_STUN", "the first two bits are not zero");
  if (uint16(data, 4) !== magicCookie >>> 16 || uint16(data, 6) !== (magicCookie & 0xffff)) {
    throw new StunError("STUN_MAGIC_COOKIE", "the magic cookie is wrong");
  }
  const length = uint16(data, 2);
  if ((length & 3) !== 0 || length !== size - headerBytes) {
    throw new StunError("STUN_LENGTH", `length ${length} in a message of ${size} bytes`);
  }
  return readAttributes(data, type);
}

function readAttributes(data: Uint8Array, messageType: number): StunMessage {
  const size = data.length;
  let integrityOffset: number | undefined;
  let readable = size;
  let unknown: number[] | undefined;
  let count = 0;
  let offset = headerBytes;
  while (offset < size) {
    if (++count > maxAttributes) {
      throw new StunError("STUN_TOO_MANY_ATTRIBUTES", `more than ${maxAttributes} attributes`);
    }
    const type = uint16(data, offset);
    const length = uint16(data, offset + 2);
    const next = offset + 4 + padded(length);
    if (next > size) {
      throw new StunError("STUN_ATTRIBUTE_OVERRUN", `attribute ${type} ends behind the message`);
    }
    if (type === attributes.fingerprint) {
      checkFingerprint(data, offset, length);
      if (integrityOffset === undefined) readable = offset;
    } else if (integrityOffset === undefined) {
      if (type === attributes.messageIntegrity) {
        if (length !== integrityValueBytes) {
          throw new StunError("STUN_INTEGRITY_LENGTH", `MESSAGE-INTEGRITY of ${length} bytes`);
        }
        integrityOffset = offset;
        readable = offset;
      } else if (type < 0x8000 && !knownRequired.has(type)) {
        unknown ??= [];
        if (unknown.length < maxUnknownRequired && !unknown.includes(type)) unknown.push(type);
      }
    }
    offset = next;
  }
  return new ReadMessage(data, messageType, readable, unknown ?? noTypes, integrityOffset);
}

/** RFC 8489 section 14.7: the last attribute, CRC-32 of what is before it. */
function checkFingerprint(data: Uint8Array, offset: number, length: number): void {
  if (length !== fingerprintValueBytes) {
    throw new StunError("STUN_FINGERPRINT_LENGTH", `FINGERPRINT of ${length} bytes`);
  }
  if (offset + 8 !== data.length) {
    throw new StunError("STUN_FINGERPRINT_POSITION", "FINGERPRINT is not the last attribute");
  }
  const value = ((uint16(data, offset + 4) << 16) | uint16(data, offset + 6)) >>> 0;
  if (value !== fingerprintOf(data.subarray(0, offset))) {
    throw new StunError("STUN_FINGERPRINT_WRONG", "FINGERPRINT is wrong");
  }
}

class ReadMessage implements StunMessage {
  readonly raw: Uint8Array;
  readonly messageClass: MessageClass;
  readonly method: number;
  readonly unknownRequired: readonly number[];
  readonly integrityOffset: number | undefined;
  /** Where the attributes end that count. */
  readonly #end: number;
  #transactionId: Uint8Array | undefined;

  constructor(
    raw: Uint8Array,
    type: number,
    end: number,
    unknownRequired: readonly number[],
    integrityOffset: number | undefined,
  ) {
    this.raw = raw;
    this.messageClass =
      messageClasses[((type >>> 4) & 1) | ((type >>> 7) & 2)] ?? messageClasses[0];
    this.method = (type & 0x000f) | ((type >>> 1) & 0x0070) | ((type >>> 2) & 0x0f80);
    this.unknownRequired = unknownRequired;
    this.integrityOffset = integrityOffset;
    this.#end = end;
  }

  get transactionId(): Uint8Array {
    this.#transactionId ??= this.raw.subarray(8, headerBytes);
    return this.#transactionId;
  }

  first(type: number): Uint8Array | undefined {
    if (type === attributes.messageIntegrity) return this.#integrity();
    const offset = this.#find(type, headerBytes);
    return offset < 0 ? undefined : this.#value(offset);
  }

  all(type: number): readonly Uint8Array[] {
    const values: Uint8Array[] = [];
    for (let at = this.#find(type, headerBytes); at >= 0; ) {
      values.push(this.#value(at));
      at = this.#find(type, at + 4 + padded(uint16(this.raw, at + 2)));
    }
    return values;
  }

  #integrity(): Uint8Array | undefined {
    return this.integrityOffset === undefined ? undefined : this.#value(this.integrityOffset);
  }

  #value(offset: number): Uint8Array {
    return this.raw.subarray(offset + 4, offset + 4 + uint16(this.raw, offset + 2));
  }

  /** The offset of the next attribute of the type, or -1. */
  #find(type: number, from: number): number {
    const raw = this.raw;
    for (let at = from; at < this.#end; at += 4 + padded(uint16(raw, at + 2))) {
      if (uint16(raw, at) === type) return at;
    }
    return -1;
  }
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

function uint16(data: Uint8Array, offset: number): number {
  return ((data[offset] as number) << 8) | (data[offset + 1] as number);
}
