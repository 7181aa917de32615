/** The bytes of a vector with its length of one, two or three bytes before it. RFC 5246 section 4.3. */
export function writeVector(lengthBytes: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = join(parts);
  if (body.length >= 2 ** (8 * lengthBytes)) throw new RangeError("vector too long");
  const bytes = new Uint8Array(lengthBytes + body.length);
  for (let i = 0; i < lengthBytes; i++) {
    bytes[i] = (body.length >>> (8 * (lengthBytes - 1 - i))) & 0xff;
  }
  bytes.set(body, lengthBytes);
  return bytes;
}

/** Big-endian 16-bit numbers. */
export function writeUint16(...numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * numbers.length);
  for (const [i, number] of numbers.entries()) {
    bytes[2 * i] = number >>> 8;
    bytes[2 * i + 1] = number;
  }
  return bytes;
}

/** One array with the bytes of all. For handshakes only: it copies. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
