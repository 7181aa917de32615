import { ProtocolError } from "../error/index.ts";
import { readAmf3Value } from "./amf3.ts";
import { ByteCursor } from "./byte-cursor.ts";
import { Marker } from "./marker.ts";
import { decodeUtf8 } from "./utf8.ts";
import { AmfObject, type AmfValue } from "./value.ts";

/** What a peer may make us keep. */
export interface AmfLimits {
  /** Objects and arrays inside each other. */
  readonly maxDepth: number;
  /** Values in one message, fields and array elements included. */
  readonly maxValues: number;
  /** Bytes of one message. */
  readonly maxBytes: number;
}

export const defaultAmfLimits: AmfLimits = { maxDepth: 16, maxValues: 4096, maxBytes: 65_536 };

/**
 * Reads the values of one complete message one after another; copies all it returns.
 * @throws ProtocolError `AMF_TOO_LARGE`, `AMF_TOO_DEEP`, `AMF_TOO_MANY`, `AMF_TRUNCATED`, `AMF_TYPE_UNSUPPORTED`, `AMF_INVALID`.
 */
export class Amf0Reader {
  readonly #cursor: ByteCursor;
  readonly #limits: AmfLimits;
  #values = 0;

  constructor(bytes: Uint8Array, limits: AmfLimits = defaultAmfLimits) {
    if (bytes.length > limits.maxBytes) {
      throw new ProtocolError("AMF_TOO_LARGE", `AMF message of ${bytes.length} bytes`);
    }
    this.#cursor = new ByteCursor(bytes);
    this.#limits = limits;
  }

  /** All bytes were read. */
  get done(): boolean {
    return this.#cursor.remaining === 0;
  }

  /** How many bytes were read. */
  get position(): number {
    return this.#cursor.position;
  }

  /** The next value. */
  next(): AmfValue {
    return this.#value(0);
  }

  /** AMF 0 section 2. */
  #value(depth: number): AmfValue {
    if (++this.#values > this.#limits.maxValues) {
      throw new ProtocolError("AMF_TOO_MANY", `more than ${this.#limits.maxValues} AMF values`);
    }
    if (depth > this.#limits.maxDepth) {
      throw new ProtocolError("AMF_TOO_DEEP", `AMF nested over ${this.#limits.maxDepth} deep`);
    }
    const cursor = this.#cursor;
    const marker = cursor.u8();
    switch (marker) {
      case Marker.number:
        return cursor.f64();
      case Marker.boolean:
        return cursor.u8() !== 0;
      case Marker.string:
        return decodeUtf8(cursor.take(cursor.u16()));
      case Marker.longString:
      case Marker.xmlDocument:
        return decodeUtf8(cursor.take(cursor.u32()));
      case Marker.null:
        return null;
      case Marker.undefined:
      case Marker.unsupported:
        return undefined;
      case Marker.object:
        return new AmfObject("object", this.#fields(depth));
      case Marker.typedObject: {
        const className = decodeUtf8(cursor.take(cursor.u16()));
        return new AmfObject("object", this.#fields(depth), className);
      }
      case Marker.ecmaArray:
        cursor.u32(); // The count is a hint that encoders get wrong; the end marker decides.
        return new AmfObject("ecma-array", this.#fields(depth));
      case Marker.strictArray:
        return this.#elements(depth);
      case Marker.date: {
        const ms = cursor.f64();
        cursor.u16(); // Section 2.13: the time zone is reserved and should not be used.
        return { type: "date", ms };
      }
      case Marker.avmPlus:
        return readAmf3Value(cursor);
      default:
        throw new ProtocolError("AMF_TYPE_UNSUPPORTED", `AMF0 type ${marker}`);
    }
  }

  /** AMF 0 section 2.5: name and value pairs up to an empty name with the object-end marker. */
  #fields(depth: number): Map<string, AmfValue> {
    const cursor = this.#cursor;
    const fields = new Map<string, AmfValue>();
    for (;;) {
      const name = cursor.take(cursor.u16());
      if (name.length === 0 && cursor.peek() === Marker.objectEnd) {
        cursor.u8();
        return fields;
      }
      fields.set(decodeUtf8(name), this.#value(depth + 1));
    }
  }

  /** AMF 0 section 2.12. */
  #elements(depth: number): AmfValue[] {
    const count = this.#cursor.u32();
    if (count > this.#limits.maxValues) {
      throw new ProtocolError("AMF_TOO_MANY", `AMF array of ${count} elements`);
    }
    const elements: AmfValue[] = [];
    for (let index = 0; index < count; index++) elements.push(this.#value(depth + 1));
    return elements;
  }
}

/** All values of one complete message. @throws ProtocolError as `Amf0Reader`. */
export function parseAmf0(bytes: Uint8Array, limits: AmfLimits = defaultAmfLimits): AmfValue[] {
  const reader = new Amf0Reader(bytes, limits);
  const values: AmfValue[] = [];
  while (!reader.done) values.push(reader.next());
  return values;
}
