import { prf } from "./prf.ts";
import { RecordCipher } from "./record-cipher.ts";
import { join } from "./tls-writer.ts";

const MASTER_SECRET_BYTES = 48;
/** RFC 5246 section 7.4.9. */
export const VERIFY_DATA_BYTES = 12;

/** `sessionHash` covers the handshake up to ClientKeyExchange. RFC 7627 section 4. */
export function extendedMasterSecret(premaster: Uint8Array, sessionHash: Uint8Array): Uint8Array {
  return prf(premaster, "extended master secret", sessionHash, MASTER_SECRET_BYTES);
}

/** The record ciphers of both directions. RFC 5246 section 6.3, RFC 5288 section 3. */
export function recordCiphers(
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): { client: RecordCipher; server: RecordCipher } {
  const block = prf(master, "key expansion", join([serverRandom, clientRandom]), 40);
  return {
    client: new RecordCipher(block.subarray(0, 16), block.subarray(32, 36)),
    server: new RecordCipher(block.subarray(16, 32), block.subarray(36, 40)),
  };
}

/** Contents of a Finished message; `hash` is SHA-256 of the handshake before it. RFC 5246 section 7.4.9. */
export function verifyData(
  master: Uint8Array,
  side: "client" | "server",
  hash: Uint8Array,
): Uint8Array {
  return prf(master, `${side} finished`, hash, VERIFY_DATA_BYTES);
}
