import { createCipheriv, createHmac, type KeyObject, timingSafeEqual } from "node:crypto";
import { readUint32, writeUint32, xorUint32 } from "./bytes.ts";
import type { SessionKeys } from "./key-derivation.ts";
import type { PacketCipher } from "./packet-cipher.ts";

const tagBytes = 10;
const rtcpHeaderBytes = 8;
const rtcpIndexBytes = 4;
const encryptedFlag = 0x80;

/** AES_CM_128_HMAC_SHA1_80. RFC 3711 sections 4.1.1 and 4.2.1. */
export class CounterModeCipher implements PacketCipher {
  readonly rtpOverheadBytes: number = tagBytes;
  readonly rtcpOverheadBytes: number = tagBytes + rtcpIndexBytes;
  readonly #rtp: SessionKeys;
  readonly #rtcp: SessionKeys;
  readonly #rtpAuth: KeyObject;
  readonly #rtcpAuth: KeyObject;
  readonly #iv = new Uint8Array(16);
  readonly #rollover = new Uint8Array(4);

  constructor(rtp: SessionKeys, rtcp: SessionKeys) {
    if (rtp.auth === undefined || rtcp.auth === undefined) {
      throw new Error("AES_CM_128_HMAC_SHA1_80 needs authentication keys");
    }
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.#rtpAuth = rtp.auth;
    this.#rtcpAuth = rtcp.auth;
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
    const cipher = createCipheriv("aes-128-ctr", this.#rtp.cipher, this.#rtpIv(ssrc, index));
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
    packet: Uint8Array,
    headerBytes: number,
    ssrc: number,
    index: number,
  ): Uint8Array | undefined {
    const end = packet.length - tagBytes;
    if (end < headerBytes) return undefined;
    const tag = this.#rtpTag(packet.subarray(0, end), index);
    if (!timingSafeEqual(tag.subarray(0, tagBytes), packet.subarray(end))) return undefined;
    return createCipheriv("aes-128-ctr", this.#rtp.cipher, this.#rtpIv(ssrc, index)).update(
      packet.subarray(headerBytes, end),
    );
  }

  /** RFC 3711 section 3.4: header, cipher text, E flag and index, tag. */
  sealRtcp(out: Uint8Array, at: number, plain: Uint8Array, index: number): number {
    out.set(plain.subarray(0, rtcpHeaderBytes), at);
    const cipher = createCipheriv("aes-128-ctr", this.#rtcp.cipher, this.#rtcpIv(plain, index));
    out.set(cipher.update(plain.subarray(rtcpHeaderBytes)), at + rtcpHeaderBytes);
    const wordAt = at + plain.length;
    writeUint32(out, wordAt, index | 0x80000000);
    const end = wordAt + rtcpIndexBytes;
    const tag = createHmac("sha1", this.#rtcpAuth).update(out.subarray(at, end)).digest();
    out.set(tag.subarray(0, tagBytes), end);
    return plain.length + this.rtcpOverheadBytes;
  }

  rtcpIndex(packet: Uint8Array): number {
    return readUint32(packet, packet.length - tagBytes - rtcpIndexBytes) & 0x7fffffff;
  }

  openRtcp(packet: Uint8Array): Uint8Array | undefined {
    const end = packet.length - tagBytes;
    const wordAt = end - rtcpIndexBytes;
    if (wordAt < rtcpHeaderBytes) return undefined;
    const tag = createHmac("sha1", this.#rtcpAuth).update(packet.subarray(0, end)).digest();
    if (!timingSafeEqual(tag.subarray(0, tagBytes), packet.subarray(end))) return undefined;
    // Not slice(): of a Buffer that is a view, and the datagram is not ours to change.
    const plain = Uint8Array.from(packet.subarray(0, wordAt));
    if (((packet[wordAt] ?? 0) & encryptedFlag) === 0) return plain;
    const index = this.rtcpIndex(packet);
    const decipher = createCipheriv("aes-128-ctr", this.#rtcp.cipher, this.#rtcpIv(packet, index));
    plain.set(decipher.update(packet.subarray(rtcpHeaderBytes, wordAt)), rtcpHeaderBytes);
    return plain;
  }

  /** RFC 3711 section 4.2: the tag covers the packet and the roll-over counter. */
  #rtpTag(authenticated: Uint8Array, index: number): Uint8Array {
    writeUint32(this.#rollover, 0, Math.floor(index / 0x10000));
    return createHmac("sha1", this.#rtpAuth).update(authenticated).update(this.#rollover).digest();
  }

  #rtpIv(ssrc: number, index: number): Uint8Array {
    return this.#writeIv(this.#rtp.salt, ssrc, Math.floor(index / 0x10000), index & 0xffff);
  }

  /** `packet` begins with an RTCP header. */
  #rtcpIv(packet: Uint8Array, index: number): Uint8Array {
    return this.#writeIv(this.#rtcp.salt, readUint32(packet, 4), index >>> 16, index & 0xffff);
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
