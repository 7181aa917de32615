import { ProtocolError } from "../error/index.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const invalid = 0xff;
const values: Uint8Array = (() => {
  const table = new Uint8Array(128).fill(invalid);
  for (let value = 0; value < alphabet.length; value++) table[alphabet.charCodeAt(value)] = value;
  return table;
})();

/**
 * Bytes of base64 with padding and without line ends. RFC 4648 section 4.
 * @throws ProtocolError `BASE64_INVALID`.
 */
export function decodeBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw malformed();
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let at = 0;
  for (let index = 0; index < digits; index++) {
    const value = values[text.charCodeAt(index)] ?? invalid;
    if (value === invalid) throw malformed();
    bits = ((bits << 6) | value) & 0xff_ffff;
    if (index % 4 !== 3) continue;
    bytes[at++] = bits >> 16;
    bytes[at++] = (bits >> 8) & 0xff;
    bytes[at++] = bits & 0xff;
  }
  // The last digit carries bits that belong to no byte; a sender leaves them zero.
  if (padding === 1) {
    if ((bits & 0x3) !== 0) throw malformed();
    bytes[at++] = (bits >> 10) & 0xff;
    bytes[at++] = (bits >> 2) & 0xff;
  } else if (padding === 2) {
    if ((bits & 0xf) !== 0) throw malformed();
    bytes[at++] = (bits >> 4) & 0xff;
  }
  return bytes;
}

function malformed(): ProtocolError {
  return new ProtocolError("BASE64_INVALID", "This is not base64.");
}
