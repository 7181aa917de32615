import { decodeUtf8, encodeUtf8 } from "../amf/utf8.ts";
import { ProtocolError } from "../error/index.ts";

const unitBytes = 16;
const maxUnits = 255;

/** The longest text of a metadata block, with its padding: 255 times 16 bytes. */
export const maxMetadataBytes: number = maxUnits * unitBytes;

/** The block that says that nothing changed: a length of 0. Not to be changed. */
export const unchangedBlock: Uint8Array = Uint8Array.of(0);

const titleStart = encodeUtf8("StreamTitle='");
const titleEnd = encodeUtf8("';");

/** The longest title that fits a block. Bytes of UTF-8. */
export const maxTitleBytes: number = maxMetadataBytes - titleStart.length - titleEnd.length;

/** Fields of a metadata block, such as `StreamTitle`, in their order. */
export type MetadataFields = ReadonlyMap<string, string>;

/**
 * A metadata block: one byte that counts units of 16 bytes, then `StreamTitle='…';` in UTF-8, padded
 * with zeros. Readers take the first `';` for the end, so an apostrophe in front of a semicolon
 * becomes U+2019; every other one stays, as Icecast writes it. Control characters become spaces.
 * Titles too long for a block are cut between two characters.
 */
export function writeMetadataBlock(title: string): Uint8Array {
  const text = cut(encodeUtf8(writable(title)), maxTitleBytes);
  const size = titleStart.length + text.length + titleEnd.length;
  const units = Math.ceil(size / unitBytes);
  const block = new Uint8Array(1 + units * unitBytes);
  block[0] = units;
  block.set(titleStart, 1);
  block.set(text, 1 + titleStart.length);
  block.set(titleEnd, 1 + titleStart.length + text.length);
  return block;
}

/**
 * Reads the text of a metadata block, without its length byte: `Name='value';` any number of times,
 * each value as far as the first `';`. What follows the last field is left out.
 * @throws ProtocolError ICY_METADATA_INVALID when it does not begin with a field.
 */
export function parseMetadata(text: Uint8Array): MetadataFields {
  const end = text.indexOf(0);
  let rest = decodeUtf8(end < 0 ? text : text.subarray(0, end));
  const fields = new Map<string, string>();
  const nothing = rest.length === 0;
  for (;;) {
    const equals = rest.indexOf("='");
    const close = equals < 0 ? -1 : rest.indexOf("';", equals + 2);
    if (equals <= 0 || close < 0) break;
    fields.set(rest.slice(0, equals), rest.slice(equals + 2, close));
    rest = rest.slice(close + 2);
  }
  if (fields.size === 0 && !nothing) {
    throw new ProtocolError("ICY_METADATA_INVALID", "Metadata without a field Name='value';");
  }
  return fields;
}

function writable(title: string): string {
  let text = "";
  for (const character of title) {
    const code = character.charCodeAt(0);
    text += code < 0x20 || code === 0x7f ? " " : character;
  }
  return text.replaceAll("';", "\u2019;");
}

/** At most `maxBytes` of UTF-8, without half a character at the end. */
function cut(utf8: Uint8Array, maxBytes: number): Uint8Array {
  if (utf8.length <= maxBytes) return utf8;
  let end = maxBytes;
  while (end > 0 && ((utf8[end] ?? 0) & 0xc0) === 0x80) end--;
  return utf8.subarray(0, end);
}
