import { createHmac } from "node:crypto";

/**
 * `length` bytes of P_SHA256(secret, label + seed). RFC 5246 section 5.
 */
export function prf(
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Uint8Array {
  const prefix = Buffer.from(label, "latin1");
  const output = new Uint8Array(length);
  let a: Uint8Array = createHmac("sha256", secret).update(prefix).update(seed).digest();
  for (let offset = 0; offset < length; ) {
    const block = createHmac("sha256", secret).update(a).update(prefix).update(seed).digest();
    output.set(block.subarray(0, length - offset), offset);
    offset += block.length;
    a = createHmac("sha256", secret).update(a).digest();
  }
  return output;
}
