import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { DTLS_1_2, type DtlsRecord, RECORD_HEADER_BYTES, writeRecordHeader } from "./record.ts";

const EXPLICIT_NONCE_BYTES = 8;
const TAG_BYTES = 16;
/** Bytes that protection adds to a record. */
export const PROTECTION_BYTES: number = EXPLICIT_NONCE_BYTES + TAG_BYTES;

/** AES-128-GCM of one direction of epoch 1. RFC 5288 section 3, RFC 6347 section 4.1.2.1. */
export class RecordCipher {
  /** Plain bytes as a key cost Node 24 several times the rest of a record. */
  readonly #key: KeyObject;
  readonly #implicitNonce: Uint8Array;

  /** Copies `key` (16 bytes), keeps `implicitNonce` (4 bytes). */
  constructor(key: Uint8Array, implicitNonce: Uint8Array) {
    this.#key = createSecretKey(key);
    this.#implicitNonce = implicitNonce;
  }

  /** A protected record of epoch 1. A sequence number is used once. */
  seal(type: number, sequence: number, plaintext: Uint8Array): Uint8Array {
    const start = RECORD_HEADER_BYTES + EXPLICIT_NONCE_BYTES;
    const record = new Uint8Array(start + plaintext.length + TAG_BYTES);
    writeRecordHeader(record, type, 1, sequence, plaintext.length + PROTECTION_BYTES);
    const explicitNonce = record.subarray(3, 3 + EXPLICIT_NONCE_BYTES);
    record.set(explicitNonce, RECORD_HEADER_BYTES);
    const cipher = createCipheriv("aes-128-gcm", this.#key, this.#nonce(explicitNonce));
    cipher.setAAD(additionalData(record, plaintext.length));
    record.set(cipher.update(plaintext), start);
    cipher.final();
    record.set(cipher.getAuthTag(), start + plaintext.length);
    return record;
  }

  /** The plaintext of a record; undefined when it is not authentic. */
  open(record: DtlsRecord): Uint8Array | undefined {
    const { header, fragment } = record;
    const length = fragment.length - PROTECTION_BYTES;
    if (length < 0 || (((header[1] ?? 0) << 8) | (header[2] ?? 0)) !== DTLS_1_2) return undefined;
    const nonce = this.#nonce(fragment.subarray(0, EXPLICIT_NONCE_BYTES));
    const decipher = createDecipheriv("aes-128-gcm", this.#key, nonce);
    decipher.setAAD(additionalData(header, length));
    decipher.setAuthTag(fragment.subarray(fragment.length - TAG_BYTES));
    const ciphertext = fragment.subarray(EXPLICIT_NONCE_BYTES, EXPLICIT_NONCE_BYTES + length);
    const plaintext = decipher.update(ciphertext);
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return plaintext;
  }

  #nonce(explicit: Uint8Array): Uint8Array {
    const nonce = new Uint8Array(12);
    nonce.set(this.#implicitNonce);
    nonce.set(explicit, 4);
    return nonce;
  }
}

/** Epoch and sequence, type, version, length of the plaintext. RFC 5246 section 6.2.3.3. */
function additionalData(header: Uint8Array, length: number): Uint8Array {
  const data = new Uint8Array(13);
  data.set(header.subarray(3, 11));
  data[8] = header[0] ?? 0;
  data[9] = DTLS_1_2 >> 8;
  data[10] = DTLS_1_2 & 0xff;
  data[11] = length >> 8;
  data[12] = length & 0xff;
  return data;
}
