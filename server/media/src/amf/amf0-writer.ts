import { Marker } from "./marker.ts";
import { encodeUtf8 } from "./utf8.ts";
import { AmfObject, type AmfValue } from "./value.ts";

const maxShortString = 0xffff;
const maxDepth = 64;

/**
 * Writes values one after another, AMF 0 section 2. Never writes references, AMF3 or XML.
 * @throws Error when a value holds itself or a field name is longer than 65535 bytes.
 */
export function writeAmf0(values: readonly AmfValue[]): Uint8Array {
  const writer = new Amf0Writer();
  for (const value of values) writer.value(value, 0);
  return writer.finish();
}

class Amf0Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  value(value: AmfValue, depth: number): void {
    if (depth > maxDepth) throw new Error("AMF value is nested too deep, or holds itself");
    if (value === undefined) this.#u8(Marker.undefined);
    else if (value === null) this.#u8(Marker.null);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "boolean") this.#boolean(value);
    else if (typeof value === "string") this.#string(value);
    else if (value instanceof AmfObject) this.#object(value, depth);
    else if ("type" in value) this.#date(value.ms);
    else this.#array(value, depth);
  }

  #number(value: number): void {
    this.#u8(Marker.number);
    this.#f64(value);
  }

  #boolean(value: boolean): void {
    this.#u8(Marker.boolean);
    this.#u8(value ? 1 : 0);
  }

  #string(value: string): void {
    const bytes = encodeUtf8(value);
    if (bytes.length > maxShortString) {
      this.#u8(Marker.longString);
      this.#u32(bytes.length);
    } else {
      this.#u8(Marker.string);
      this.#u16(bytes.length);
    }
    this.#copy(bytes);
  }

  #date(ms: number): void {
    this.#u8(Marker.date);
    this.#f64(ms);
    this.#u16(0);
  }

  #array(values: readonly AmfValue[], depth: number): void {
    this.#u8(Marker.strictArray);
    this.#u32(values.length);
    for (const value of values) this.value(value, depth + 1);
  }

  #object(value: AmfObject, depth: number): void {
    if (value.type === "ecma-array") {
      this.#u8(Marker.ecmaArray);
      this.#u32(value.fields.size);
    } else if (value.className !== undefined) {
      this.#u8(Marker.typedObject);
      this.#name(value.className);
    } else {
      this.#u8(Marker.object);
    }
    for (const [name, field] of value.fields) {
      this.#name(name);
      this.value(field, depth + 1);
    }
    this.#name("");
    this.#u8(Marker.objectEnd);
  }

  #name(name: string): void {
    const bytes = encodeUtf8(name);
    if (bytes.length > maxShortString) throw new Error("AMF field name is too long");
    this.#u16(bytes.length);
    this.#copy(bytes);
  }

  #u8(value: number): void {
    this.#room(1);
    this.#view.setUint8(this.#at++, value);
  }

  #u16(value: number): void {
    this.#room(2);
    this.#view.setUint16(this.#at, value);
    this.#at += 2;
  }

  #u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  #f64(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
  }

  #copy(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #room(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + length));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
