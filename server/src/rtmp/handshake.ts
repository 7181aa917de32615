import type { ByteQueue } from "@millrace/media/flv";
import { ProtocolError } from "../core/errors.ts";
import {
  clientKey,
  findDigest,
  handshakeBytes,
  imprintDigest,
  serverFullKey,
  serverKey,
  signEcho,
} from "./digest.ts";

const rtmpVersion = 3;
/** Flash Media Server's version; clients check the digest of S1 only when the first number is 3 or more. */
const serverVersion = [4, 5, 0, 1] as const;

/**
 * The server's side of the RTMP handshake, RTMP 1.0 section 5.2, with the digests that Flash-era
 * clients check where the client used them. Reads no byte past C2.
 */
export class ServerHandshake {
  readonly #random: (bytes: number) => Uint8Array;
  readonly #hello = new Uint8Array(1 + handshakeBytes);
  #filled = 0;
  #skip = handshakeBytes;
  #answered = false;

  /** `random` gives that many unpredictable bytes. */
  constructor(random: (bytes: number) => Uint8Array) {
    this.#random = random;
  }

  /** C2 was read; chunks follow. */
  get done(): boolean {
    return this.#answered && this.#skip === 0;
  }

  /**
   * Takes what it needs from `input`. Returns what is to be sent, or undefined.
   * @throws ProtocolError `RTMP_VERSION_UNSUPPORTED`.
   */
  receive(input: ByteQueue, nowMs: number): Uint8Array | undefined {
    if (this.#answered) {
      this.#skip -= input.skip(this.#skip);
      return undefined;
    }
    const missing = this.#hello.length - this.#filled;
    this.#filled += input.readInto(this.#hello, this.#filled, missing);
    const version = this.#hello[0];
    if (this.#filled > 0 && version !== rtmpVersion) {
      throw new ProtocolError("RTMP_VERSION_UNSUPPORTED", `RTMP version ${version}`);
    }
    if (this.#filled < this.#hello.length) return undefined;
    this.#answered = true;
    this.#skip -= input.skip(this.#skip);
    return this.#answer(this.#hello.subarray(1), nowMs);
  }

  /** S0, S1 and S2. Section 5.2.2 to 5.2.4. */
  #answer(c1: Uint8Array, nowMs: number): Uint8Array {
    const out = new Uint8Array(1 + 2 * handshakeBytes);
    out[0] = rtmpVersion;
    const s1 = out.subarray(1, 1 + handshakeBytes);
    const s2 = out.subarray(1 + handshakeBytes);
    new DataView(s1.buffer, s1.byteOffset).setUint32(0, nowMs >>> 0);
    s1.set(this.#random(handshakeBytes - 8), 8);
    // A client that wants digests says so by a version where the plain handshake has zeros.
    const wantsDigest = c1[4] !== 0;
    const client = wantsDigest ? findDigest(c1, clientKey) : undefined;
    if (client === undefined) {
      // Section 5.2.4 puts a second time in bytes 4–7, but clients that compare do so with all of C1.
      s2.set(c1);
      return out;
    }
    s1.set(serverVersion, 4);
    imprintDigest(s1, client.scheme, serverKey);
    s2.set(this.#random(handshakeBytes));
    signEcho(s2, client.digest, serverFullKey);
    return out;
  }
}
