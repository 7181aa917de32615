import { Amf0Reader } from "@millrace/media/amf";
import { ProtocolError } from "../core/errors.ts";
import { MessageType, type RtmpMessage } from "./message.ts";

/**
 * The script tag body in a data message of a publisher: encoders wrap `onMetaData` in
 * `@setDataFrame`. Undefined for messages without one, and for what is not AMF0.
 */
export function readScriptBody(message: RtmpMessage): Uint8Array | undefined {
  const { payload } = message;
  // Enhanced RTMP v2: type 15 begins with a selector byte 0, then AMF0.
  const body =
    message.type === MessageType.dataAmf3 && payload[0] === 0 ? payload.subarray(1) : payload;
  const name = firstText(body);
  if (name?.text === "@setDataFrame") return body.subarray(name.end);
  return name === undefined || name.text === "@clearDataFrame" ? undefined : body;
}

function firstText(body: Uint8Array): { readonly text: string; readonly end: number } | undefined {
  try {
    const reader = new Amf0Reader(body);
    const text = reader.next();
    return typeof text === "string" ? { text, end: reader.position } : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
