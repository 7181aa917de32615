import { previousTagSizeBytes, tagHeaderBytes, writeTagHeader, writeU32 } from "./tag.ts";

/**
 * The file header with the first PreviousTagSize, 13 bytes. FLV specification 10.1 section E.2.
 * Players wait for every kind of tag that the flags announce.
 */
export function writeFlvHeader(has: {
  readonly audio: boolean;
  readonly video: boolean;
}): Uint8Array {
  const flags = (has.audio ? 4 : 0) | (has.video ? 1 : 0);
  return Uint8Array.of(0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0);
}

/** A complete tag with its PreviousTagSize; copies the body. `timestampMs` wraps at 2^32. Section E.4.1. */
export function writeFlvTag(type: number, timestampMs: number, body: Uint8Array): Uint8Array {
  const out = allocateTag(type, timestampMs, body.length);
  out.set(body, tagHeaderBytes);
  return out;
}

/** A tag whose body, at `tagHeaderBytes`, is still to be filled in. */
export function allocateTag(type: number, timestampMs: number, bodyBytes: number): Uint8Array {
  const out = new Uint8Array(tagHeaderBytes + bodyBytes + previousTagSizeBytes);
  writeTagHeader(out, 0, type, timestampMs, bodyBytes);
  writeU32(out, tagHeaderBytes + bodyBytes, tagHeaderBytes + bodyBytes);
  return out;
}
