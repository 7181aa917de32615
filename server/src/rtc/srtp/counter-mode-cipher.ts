import { createCipheriv, createHmac, type KeyObject, timingSafeEqual } from "node:crypto";
import { readUint32, writeUint32, xorUint32 } from "./bytes.ts";
import type { DirectionKeys, SessionKeys } from "./key-derivation.ts";
import type { PacketCipher } from "./packet-cipher.ts";

const tagBytes = 10;
const rtcpHeaderBytes = 8;
const rtcpIndexBytes = 4;
const encryptedFlag = 0x80;

/** AES_CM_128_HMAC_SHA1_80. RFC 3711 sections 4.1.1 and 4.2.1. */
export class CounterModeCipher implements PacketCipher {
  readonly rtpOverheadBytes: number = tagBytes;
  readonly rtcpOverheadBytes: number = tagBytes + rtcpIndexBytes;
  readonly #keys: DirectionKeys;
  readonly #iv = new Uint8Array(16);
  readonly #rollover = new Uint8Array(4);

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
    const cipher = createCipheriv("aes-128-ctr", this.#keys.rtp.cipher, this.#rtpIv(ssrc, index));
    let end = at + headerBytes;
    if (prefix !== undefined) {
      out.set(cipher.update(prefix), end);
      end += prefix.length;
    }
    out.set(cipher.update(payload), end);
    end += payload.length;
    const tag = this.#rtpTag(out.subarray(at, end), index);
    for (let i = 0; i < tagBytes; i++) out[end + i] = tag[i] ?? 0;
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
    const tag = this.#rtpTag(packet.subarray(0, end), index);
    if (!timingSafeEqual(tag.subarray(0, tagBytes), packet.subarray(end))) return false;
    const iv = this.#rtpIv(ssrc, index);
    const decipher = createCipheriv("aes-128-ctr", this.#keys.rtp.cipher, iv);
    out.set(packet.subarray(0, headerBytes));
    out.set(decipher.update(packet.subarray(headerBytes, end)), headerBytes);
    return true;
  }

  /** RFC 3711 section 3.4: header, cipher text, E flag and index, tag. */
  sealRtcp(out: Uint8Array, at: number, plain: Uint8Array, index: number): number {
    out.set(plain.subarray(0, rtcpHeaderBytes), at);
    const cipher = createCipheriv(
      "aes-128-ctr",
      this.#keys.rtcp.cipher,
      this.#rtcpIv(plain, index),
    );
    out.set(cipher.update(plain.subarray(rtcpHeaderBytes)), at + rtcpHeaderBytes);
    const wordAt = at + plain.length;
    writeUint32(out, wordAt, index | 0x80000000);
    const end = wordAt + rtcpIndexBytes;
    const tag = this.#rtcpTag(out.subarray(at, end));
    out.set(tag.subarray(0, tagBytes), end);
    return plain.length + this.rtcpOverheadBytes;
  }

  rtcpIndex(packet: Uint8Array): number {
    return readUint32(packet, packet.length - tagBytes - rtcpIndexBytes) & 0x7fffffff;
  }

  openRtcp(out: Uint8Array, packet: Uint8Array): number {
    const end = packet.length - tagBytes;
    const wordAt = end - rtcpIndexBytes;
    if (wordAt < rtcpHeaderBytes) return 0;
    const tag = this.#rtcpTag(packet.subarray(0, end));
    if (!timingSafeEqual(tag.subarray(0, tagBytes), packet.subarray(end))) return 0;
    const encrypted = ((packet[wordAt] ?? 0) & encryptedFlag) !== 0;
    const header = packet.subarray(0, encrypted ? rtcpHeaderBytes : wordAt);
    out.set(header);
    if (!encrypted) return wordAt;
    const iv = this.#rtcpIv(packet, this.rtcpIndex(packet));
    const decipher = createCipheriv("aes-128-ctr", this.#keys.rtcp.cipher, iv);
    out.set(decipher.update(packet.subarray(rtcpHeaderBytes, wordAt)), rtcpHeaderBytes);
    return wordAt;
  }

  /** RFC 3711 section 4.2: the tag covers the packet and the roll-over counter. */
  #rtpTag(authenticated: Uint8Array, index: number): Uint8Array {
    writeUint32(this.#rollover, 0, Math.floor(index / 0x10000));
    const hmac = createHmac("sha1", authKey(this.#keys.rtp));
    return hmac.update(authenticated).update(this.#rollover).digest();
  }

  #rtcpTag(authenticated: Uint8Array): Uint8Array {
    return createHmac("sha1", authKey(this.#keys.rtcp)).update(authenticated).digest();
  }

  #rtpIv(ssrc: number, index: number): Uint8Array {
    return this.#writeIv(this.#keys.rtp.salt, ssrc, Math.floor(index / 0x10000), index & 0xffff);
  }

  /** `packet` begins with an RTCP header. */
  #rtcpIv(packet: Uint8Array, index: number): Uint8Array {
    return this.#writeIv(this.#keys.rtcp.salt, readUint32(packet, 4), index >>> 16, index & 0xffff);
  }

  /** RFC 3711 section 4.1.1: salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16. */
  #writeIv(salt: Uint8Array, ssrc: number, high: number, low: number): Uint8Array {
    const iv = this.#iv;
    iv.set(salt);
    xorUint32(iv, 4, ssrc);
    xorUint32(iv, 8, high);
    iv[12] = (iv[12] ?? 0) ^ (low >>> 8);
    iv[13] = (iv[13] ?? 0) ^ low;
    iv[14] = 0;
    iv[15] = 0;
    return iv;
  }
}

function authKey({ auth }: SessionKeys): KeyObject {
  if (auth === undefined) throw new Error("AES_CM_128_HMAC_SHA1_80 needs authentication keys");
  return auth;
}
