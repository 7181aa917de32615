import { encodeUtf8 } from "../amf/utf8.ts";
import type { RecordHeader } from "./record.ts";

/** Bytes before the JSON of every record: its length and the length of the bytes after it. */
export const recordPrefixBytes = 8;

/** A record up to its bytes, `payloadBytes` of which follow; a record without bytes is complete with it. */
export function writeRecordHead(header: RecordHeader, payloadBytes = 0): Uint8Array {
  const json = encodeUtf8(JSON.stringify(header));
  const head = new Uint8Array(recordPrefixBytes + json.length);
  const view = new DataView(head.buffer);
  view.setUint32(0, json.length);
  view.setUint32(4, payloadBytes);
  head.set(json, recordPrefixBytes);
  return head;
}
