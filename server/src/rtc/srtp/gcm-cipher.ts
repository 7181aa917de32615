import { createCipheriv, createDecipheriv } from "node:crypto";
import { readUint32, xorUint32 } from "./bytes.ts";
import type { DirectionKeys } from "./key-derivation.ts";
import type { PacketCipher } from "./packet-cipher.ts";

const tagBytes = 16;
const rtcpHeaderBytes = 8;
const rtcpIndexBytes = 4;
/** The E flag of the ESRTCP word: the packet is encrypted. */
const encryptedFlag = 0x80;

/** AEAD_AES_128_GCM. RFC 7714. */
export class GcmCipher implements PacketCipher {
  readonly rtpOverheadBytes: number = tagBytes;
  readonly rtcpOverheadBytes: number = tagBytes + rtcpIndexBytes;
  readonly #keys: DirectionKeys;
  // OpenSSL copies the initialisation vector, so one array serves all packets.
  readonly #iv = new Uint8Array(12);

  constructor(keys: DirectionKeys) {
    this.#keys = keys;
  }

  sealRtp(
    out: Uint8Array,
    at: number,
    headerBytes: number,
    prefix: Uint8Array | undefined,
    payload: Uint8Array,
    ssrc: number,
    index: number,
  ): number {
    const cipher = createCipheriv("aes-128-gcm", this.#keys.rtp.cipher, this.#rtpIv(ssrc, index));
    let end = at + headerBytes;
    cipher.setAAD(out.subarray(at, end));
    if (prefix !== undefined) {
      out.set(cipher.update(prefix), end);
      end += prefix.length;
    }
    out.set(cipher.update(payload), end);
    end += payload.length;
    cipher.final();
    out.set(cipher.getAuthTag(), end);
    return end + tagBytes - at;
  }

  openRtp(
    out: Uint8Array,
    packet: Uint8Array,
    headerBytes: number,
    ssrc: number,
    index: number,
  ): boolean {
    const end = packet.length - tagBytes;
    const header = packet.subarray(0, headerBytes);
    const iv = this.#rtpIv(ssrc, index);
    const decipher = createDecipheriv("aes-128-gcm", this.#keys.rtp.cipher, iv);
    decipher.setAAD(header);
    decipher.setAuthTag(packet.subarray(end));
    const plain = decipher.update(packet.subarray(headerBytes, end));
    if (!isAuthentic(decipher)) return false;
    out.set(header);
    out.set(plain, headerBytes);
    return true;
  }

  /** RFC 7714 section 9: header, cipher text, tag, ESRTCP word. */
  sealRtcp(out: Uint8Array, at: number, plain: Uint8Array, index: number): number {
    const header = plain.subarray(0, rtcpHeaderBytes);
    const word = indexWord(index);
    const cipher = createCipheriv(
      "aes-128-gcm",
      this.#keys.rtcp.cipher,
      this.#rtcpIv(plain, index),
    );
    cipher.setAAD(concat(header, word));
    out.set(header, at);
    out.set(cipher.update(plain.subarray(rtcpHeaderBytes)), at + rtcpHeaderBytes);
    cipher.final();
    const tagAt = at + plain.length;
    out.set(cipher.getAuthTag(), tagAt);
    out.set(word, tagAt + tagBytes);
    return plain.length + this.rtcpOverheadBytes;
  }

  rtcpIndex(packet: Uint8Array): number {
    return readUint32(packet, packet.length - rtcpIndexBytes) & 0x7fffffff;
  }

  openRtcp(out: Uint8Array, packet: Uint8Array): number {
    const wordAt = packet.length - rtcpIndexBytes;
    const tagAt = wordAt - tagBytes;
    if (tagAt < rtcpHeaderBytes) return 0;
    const word = packet.subarray(wordAt);
    const encrypted = ((word[0] ?? 0) & encryptedFlag) !== 0;
    const iv = this.#rtcpIv(packet, this.rtcpIndex(packet));
    const decipher = createDecipheriv("aes-128-gcm", this.#keys.rtcp.cipher, iv);
    decipher.setAuthTag(packet.subarray(tagAt, wordAt));
    // RFC 7714 sections 9.2 and 9.3: what is not encrypted is associated data.
    const header = packet.subarray(0, encrypted ? rtcpHeaderBytes : tagAt);
    decipher.setAAD(concat(header, word));
    const body = decipher.update(packet.subarray(header.length, tagAt));
    if (!isAuthentic(decipher)) return 0;
    out.set(header);
    out.set(body, header.length);
    return tagAt;
  }

  /** RFC 7714 section 8.1. */
  #rtpIv(ssrc: number, index: number): Uint8Array {
    const rollover = Math.floor(index / 0x10000);
    this.#writeIv(this.#keys.rtp.salt, ssrc, rollover, index & 0xffff);
    return this.#iv;
  }

  /** RFC 7714 section 9.1. `packet` begins with an RTCP header. */
  #rtcpIv(packet: Uint8Array, index: number): Uint8Array {
    // Bytes 6 to 11 are two zero bytes and the index, which is the same layout as roll-over counter and sequence number.
    this.#writeIv(this.#keys.rtcp.salt, readUint32(packet, 4), index >>> 16, index & 0xffff);
    return this.#iv;
  }

  #writeIv(salt: Uint8Array, ssrc: number, high: number, low: number): void {
    const iv = this.#iv;
    iv.set(salt);
    xorUint32(iv, 2, ssrc);
    xorUint32(iv, 6, high);
    iv[10] = (iv[10] ?? 0) ^ (low >>> 8);
    iv[11] = (iv[11] ?? 0) ^ low;
  }
}

function isAuthentic(decipher: { final(): Uint8Array }): boolean {
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}

/** ESRTCP word of an encrypted packet. */
function indexWord(index: number): Uint8Array {
  return Uint8Array.of((index >>> 24) | encryptedFlag, index >>> 16, index >>> 8, index);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
