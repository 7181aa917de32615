import { createHmac, createSecretKey } from "node:crypto";

/** SHA-256. */
const HASH_BYTES = 32;

/**
 * `length` bytes of P_SHA256(secret, label + seed), at least one; `label` is ASCII. RFC 5246 section 5.
 */
export function prf(
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Uint8Array {
  // Plain bytes as a key cost Node 24 several times the hash itself.
  const key = createSecretKey(secret);
  const output = new Uint8Array(length);
  // A(i) stands before label and seed, so that one update hashes all three.
  const input = new Uint8Array(HASH_BYTES + label.length + seed.length);
  for (let i = 0; i < label.length; i++) input[HASH_BYTES + i] = label.charCodeAt(i);
  input.set(seed, HASH_BYTES + label.length);
  let a: Uint8Array = createHmac("sha256", key).update(input.subarray(HASH_BYTES)).digest();
  for (let offset = 0; ; a = createHmac("sha256", key).update(a).digest()) {
    input.set(a);
    const block = createHmac("sha256", key).update(input).digest();
    output.set(block.subarray(0, length - offset), offset);
    offset += HASH_BYTES;
    if (offset >= length) return output;
  }
}
