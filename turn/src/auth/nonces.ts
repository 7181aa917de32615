import {
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

export interface NonceOptions {
  /** At least 16 bytes; random when left out, so that a restart makes every nonce wrong. */
  readonly secret?: Uint8Array | undefined;
  /** How long a nonce is valid. */
  readonly ttlMs: number;
  /** Milliseconds since 1970. */
  wallMs(): number;
}

/** "stale" was issued for the path and is too old; "wrong" was not issued for it. Both are answered with 438. */
export type NonceCheck = "valid" | "stale" | "wrong";

const minSecretBytes = 16;
const timeBytes = 6;
const macBytes = 12;
/** Of a nonce: base64url without padding. Short, as each challenge carries one. */
const nonceCharacters = ((timeBytes + macBytes) * 4) / 3;

/**
 * Nonces without memory: the time of issue and a MAC of it and the path, which is the 5-tuple as text. A nonce that
 * was heard on one path is of no use on another. RFC 8489 section 9.2, RFC 8656 section 5.
 */
export class Nonces {
  readonly #secret: KeyObject;
  readonly #ttlMs: number;
  readonly #wallMs: () => number;

  /** @throws RangeError when the secret is too short or `ttlMs` is not positive. */
  constructor(options: NonceOptions) {
    const secret = options.secret ?? randomBytes(32);
    if (secret.length < minSecretBytes) throw new RangeError("the nonce secret is too short");
    if (!(options.ttlMs > 0)) throw new RangeError("nonces must live for some time");
    this.#secret = createSecretKey(secret);
    this.#ttlMs = options.ttlMs;
    this.#wallMs = () => options.wallMs();
  }

  /** A nonce of 24 ASCII characters. */
  issue(path: string): string {
    return this.#make(Math.floor(this.#wallMs()), path);
  }

  check(nonce: string, path: string): NonceCheck {
    if (nonce.length !== nonceCharacters) return "wrong";
    const given = Buffer.from(nonce);
    const bytes = Buffer.from(nonce, "base64url");
    if (bytes.length !== timeBytes + macBytes) return "wrong";
    const issuedMs = bytes.readUIntBE(0, timeBytes);
    const expected = Buffer.from(this.#make(issuedMs, path));
    // The text is compared: several texts decode to the same bytes.
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return "wrong";
    const ageMs = this.#wallMs() - issuedMs;
    // A wall clock that was set back makes nonces of the future: they are replaced, not trusted for longer.
    return ageMs >= 0 && ageMs < this.#ttlMs ? "valid" : "stale";
  }

  #make(issuedMs: number, path: string): string {
    const bytes = Buffer.allocUnsafe(timeBytes + macBytes);
    bytes.writeUIntBE(issuedMs, 0, timeBytes);
    const mac = createHmac("sha256", this.#secret)
      .update(bytes.subarray(0, timeBytes))
      .update(path);
    mac.digest().copy(bytes, timeBytes, 0, macBytes);
    return bytes.toString("base64url");
  }
}
