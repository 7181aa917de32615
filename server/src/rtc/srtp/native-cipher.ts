import type { SrtpMaster, SrtpProfile } from "../peer.ts";
import { readUint32 } from "./bytes.ts";
import { DerivedKeys, type SessionKeys } from "./key-derivation.ts";
import type { CreateCipher, PacketCipher } from "./packet-cipher.ts";

/** One end of a session of native/srtp.c; an opaque pointer that is freed with it. */
export type NativeSession = { readonly nativeSession: unique symbol };

/** What of native/binding-srtp.c opens and seals. Throws `EINVAL` when lengths do not fit together. */
export interface NativeSrtp {
  srtp(
    key: Uint8Array,
    salt: Uint8Array,
    auth: Uint8Array | undefined,
    opens: boolean,
  ): NativeSession;
  srtpSeal(
    session: NativeSession,
    out: Uint8Array,
    at: number,
    headerBytes: number,
    prefix: Uint8Array | undefined,
    payload: Uint8Array,
    ssrc: number,
    rollover: number,
    sequence: number,
  ): number;
  srtpOpen(
    session: NativeSession,
    out: Uint8Array,
    packet: Uint8Array,
    headerBytes: number,
    ssrc: number,
    rollover: number,
    sequence: number,
  ): boolean;
  srtcpSeal(
    session: NativeSession,
    out: Uint8Array,
    at: number,
    plain: Uint8Array,
    index: number,
  ): number;
  srtcpOpen(session: NativeSession, out: Uint8Array, packet: Uint8Array): number;
}

/** The ciphers of the native module. The caller has seen it pass its self-test. */
export function nativeCiphers(native: NativeSrtp): CreateCipher {
  return (profile, master) => new NativeCipher(native, profile, master);
}

const wordBytes = 4;

/** Seals and opens with one call into C per packet. */
class NativeCipher implements PacketCipher {
  readonly rtpOverheadBytes: number;
  readonly rtcpOverheadBytes: number;
  readonly #native: NativeSrtp;
  readonly #keys: DerivedKeys;
  /** From the end of a sealed packet to the word with its index: RFC 3711 section 3.4, RFC 7714 section 9. */
  readonly #wordFromEnd: number;
  #sealsRtp: NativeSession | undefined;
  #opensRtp: NativeSession | undefined;
  #sealsRtcp: NativeSession | undefined;
  #opensRtcp: NativeSession | undefined;

  constructor(native: NativeSrtp, profile: SrtpProfile, master: SrtpMaster) {
    const gcm = profile === "AEAD_AES_128_GCM";
    this.#native = native;
    this.#keys = new DerivedKeys(profile, master);
    this.rtpOverheadBytes = gcm ? 16 : 10;
    this.rtcpOverheadBytes = this.rtpOverheadBytes + wordBytes;
    this.#wordFromEnd = gcm ? wordBytes : this.rtcpOverheadBytes;
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
    this.#sealsRtp ??= this.#session(this.#keys.rtp, false);
    const rollover = Math.floor(index / 0x10000);
    return this.#native.srtpSeal(
      ...([this.#sealsRtp, out, at, headerBytes, prefix, payload, ssrc] as const),
      ...([rollover, index % 0x10000] as const),
    );
  }

  openRtp(
    out: Uint8Array,
    packet: Uint8Array,
    headerBytes: number,
    ssrc: number,
    index: number,
  ): boolean {
    this.#opensRtp ??= this.#session(this.#keys.rtp, true);
    const session = this.#opensRtp;
    const rollover = Math.floor(index / 0x10000);
    const sequence = index % 0x10000;
    return this.#native.srtpOpen(session, out, packet, headerBytes, ssrc, rollover, sequence);
  }

  sealRtcp(out: Uint8Array, at: number, plain: Uint8Array, index: number): number {
    this.#sealsRtcp ??= this.#session(this.#keys.rtcp, false);
    return this.#native.srtcpSeal(this.#sealsRtcp, out, at, plain, index);
  }

  rtcpIndex(packet: Uint8Array): number {
    return readUint32(packet, packet.length - this.#wordFromEnd) & 0x7fffffff;
  }

  openRtcp(out: Uint8Array, packet: Uint8Array): number {
    this.#opensRtcp ??= this.#session(this.#keys.rtcp, true);
    return this.#native.srtcpOpen(this.#opensRtcp, out, packet);
  }

  #session({ cipher, salt, auth }: SessionKeys, opens: boolean): NativeSession {
    return this.#native.srtp(cipher.export(), salt, auth?.export(), opens);
  }
}
