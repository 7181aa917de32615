import { ProtocolError } from "../error/index.ts";
import type { ByteCursor } from "./byte-cursor.ts";
import { Amf3Marker } from "./marker.ts";
import { decodeUtf8 } from "./utf8.ts";
import type { AmfValue } from "./value.ts";

/**
 * One AMF3 scalar behind the AVM+ marker (AMF 0 section 3.1); the tables of references begin anew
 * with each, so a reference cannot point at anything.
 * @throws ProtocolError `AMF_TYPE_UNSUPPORTED` for arrays, objects, XML and byte arrays; `AMF_INVALID` for references.
 */
export function readAmf3Value(cursor: ByteCursor): AmfValue {
  const marker = cursor.u8();
  switch (marker) {
    case Amf3Marker.undefined:
      return undefined;
    case Amf3Marker.null:
      return null;
    case Amf3Marker.false:
      return false;
    case Amf3Marker.true:
      return true;
    case Amf3Marker.integer: {
      const value = readU29(cursor);
      return value & 0x1000_0000 ? value - 0x2000_0000 : value;
    }
    case Amf3Marker.double:
      return cursor.f64();
    case Amf3Marker.string:
      return decodeUtf8(cursor.take(inlineLength(cursor)));
    case Amf3Marker.date:
      inlineLength(cursor);
      return { type: "date", ms: cursor.f64() };
    default:
      throw new ProtocolError("AMF_TYPE_UNSUPPORTED", `AMF3 type ${marker}`);
  }
}

/** AMF 3 section 1.3.1: up to three bytes of seven bits, then one of eight. */
function readU29(cursor: ByteCursor): number {
  let value = 0;
  for (let index = 0; index < 3; index++) {
    const byte = cursor.u8();
    value = (value << 7) | (byte & 0x7f);
    if ((byte & 0x80) === 0) return value;
  }
  return (value << 8) | cursor.u8();
}

function inlineLength(cursor: ByteCursor): number {
  const value = readU29(cursor);
  if ((value & 1) === 0) throw new ProtocolError("AMF_INVALID", "AMF3 reference to nothing");
  return value >> 1;
}
