import { parseAmf0 } from "@millrace/media/amf";
import { FlvReader, type FlvTag, TagType } from "@millrace/media/flv";

/** What a player makes of FLV bytes. */
export interface ParsedFlv {
  /** Flags of the file header; undefined while it has not come. */
  readonly flags: number | undefined;
  readonly tags: readonly FlvTag[];
  /** The tags in words: `onMetaData`, `video config`, `key 40`, `inter 80`, `audio config`, `audio 40`. */
  readonly words: readonly string[];
}

export function parseFlv(bytes: Uint8Array): ParsedFlv {
  const reader = new FlvReader();
  const tags: FlvTag[] = [];
  // In parts, for a reader holds a limited number of bytes.
  for (let at = 0; at < bytes.length; at += 65_536) {
    reader.receive(bytes.slice(at, at + 65_536));
    for (let item = reader.next(); item !== undefined; item = reader.next()) {
      if (item.type === "tag") tags.push({ ...item.tag, body: item.tag.body.slice() });
    }
  }
  return { flags: bytes[4], tags, words: tags.map(wordOf) };
}

function wordOf({ type, timestampMs, body }: FlvTag): string {
  if (type === TagType.script) return String(parseAmf0(body)[0]);
  const first = body[0] ?? 0;
  if (type === TagType.audio) {
    const isConfig = first >> 4 === 9 ? (first & 15) === 0 : body[1] === 0;
    return isConfig ? "audio config" : `audio ${timestampMs}`;
  }
  const isConfig = first >= 0x80 ? (first & 15) === 0 : body[1] === 0;
  if (isConfig) return "video config";
  return `${((first >> 4) & 7) === 1 ? "key" : "inter"} ${timestampMs}`;
}

/** Takes HTTP chunks apart, RFC 9112 section 7.1; gives what is whole, and whether the last chunk came. */
export function dechunk(bytes: Buffer): { readonly data: Buffer; readonly ended: boolean } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) break;
    const text = bytes.toString("latin1", at, line);
    if (!/^[0-9a-f]+$/i.test(text))
      throw new Error(`not the size of a chunk: ${text.slice(0, 40)}`);
    const size = Number.parseInt(text, 16);
    const end = line + 2 + size;
    if (bytes.length < end + 2) break;
    if (bytes.toString("latin1", end, end + 2) !== "\r\n") throw new Error("no CRLF after a chunk");
    if (size === 0) return { data: Buffer.concat(parts), ended: bytes.length === end + 2 };
    parts.push(bytes.subarray(line + 2, end));
    at = end + 2;
  }
  return { data: Buffer.concat(parts), ended: false };
}

/** Takes unmasked WebSocket frames apart, RFC 6455 section 5.2. */
export function messagesOf(bytes: Buffer): { readonly opcode: number; readonly data: Buffer }[] {
  const messages: { opcode: number; data: Buffer }[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const first = bytes.readUInt8(at);
    let length = bytes.readUInt8(at + 1);
    if ((first & 0x80) === 0 || length >= 0x80) throw new Error("a fragment, or a mask");
    let from = at + 2;
    if (length === 126) {
      if (bytes.length < at + 4) break;
      length = bytes.readUInt16BE(from);
      from += 2;
    } else if (length === 127) {
      if (bytes.length < at + 10) break;
      length = Number(bytes.readBigUInt64BE(from));
      from += 8;
    }
    if (bytes.length < from + length) break;
    messages.push({ opcode: first & 15, data: bytes.subarray(from, from + length) });
    at = from + length;
  }
  return messages;
}

/** The parts of an HTTP answer. */
export function splitAnswer(bytes: Buffer): { readonly head: string; readonly body: Buffer } {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return { head: "", body: Buffer.alloc(0) };
  return { head: bytes.toString("latin1", 0, end + 4), body: bytes.subarray(end + 4) };
}
