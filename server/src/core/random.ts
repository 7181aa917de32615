/** Drawn from the system at once: asking it for a few bytes costs as much as for some thousand. */
const poolBytes = 4096;
const pool: Buffer = Buffer.alloc(poolBytes);
let used: number = poolBytes;

/** `length` unguessable bytes, at most 4096, as text. Nobody gets the same ones again, and none of them is kept here. */
export function randomText(length: number, encoding: "hex" | "base64" | "base64url"): string {
  const at = take(length);
  const text = pool.toString(encoding, at, at + length);
  pool.fill(0, at, at + length);
  return text;
}

/** `length` unguessable bytes, at most 4096, in an array of their own. */
export function randomArray(length: number): Uint8Array<ArrayBuffer> {
  const at = take(length);
  const bytes = new Uint8Array(length);
  bytes.set(pool.subarray(at, at + length));
  pool.fill(0, at, at + length);
  return bytes;
}

/** Where the next `length` bytes are. @throws RangeError */
function take(length: number): number {
  if (length > poolBytes) throw new RangeError(`${length} random bytes, ${poolBytes} are the most`);
  if (used + length > poolBytes) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const at = used;
  used += length;
  return at;
}
