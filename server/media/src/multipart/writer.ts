import { encodeUtf8 } from "../amf/utf8.ts";

/** RFC 2046 section 5.1.1, without what would need quotes in a header. */
const boundaryPattern = /^[A-Za-z0-9'_+-]{1,70}$/;

/** @throws RangeError when the text cannot be a boundary. */
export function checkBoundary(boundary: string): string {
  if (!boundaryPattern.test(boundary)) throw new RangeError("not a multipart boundary");
  return boundary;
}

/** What a stream of parts begins with: the delimiter line of the first part. */
export function writeOpening(boundary: string): Uint8Array {
  return encodeUtf8(`--${checkBoundary(boundary)}\r\n`);
}

/**
 * One part for a stream that was opened by `writeOpening` or by the part before: headers, body, and
 * the delimiter line of the part to come, so that readers know at once that the body is whole.
 * A header's name and value are taken as they are.
 */
export function writePart(
  boundary: string,
  headers: readonly (readonly [name: string, value: string])[],
  body: Uint8Array,
): Uint8Array {
  let head = "";
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  const front = encodeUtf8(`${head}\r\n`);
  const back = encodeUtf8(`\r\n--${checkBoundary(boundary)}\r\n`);
  const part = new Uint8Array(front.length + body.length + back.length);
  part.set(front, 0);
  part.set(body, front.length);
  part.set(back, front.length + body.length);
  return part;
}
