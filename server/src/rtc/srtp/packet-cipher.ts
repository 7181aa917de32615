import type { SrtpMaster, SrtpProfile } from "../peer.ts";
import { CounterModeCipher } from "./counter-mode-cipher.ts";
import { GcmCipher } from "./gcm-cipher.ts";
import { deriveSessionKeys, type SessionKeys } from "./key-derivation.ts";

/**
 * Seals or opens packets of one direction. It knows neither roll-over counters nor replay: the caller gives
 * the index of every packet and never seals two different packets of one SSRC with the same index.
 */
export interface PacketCipher {
  /** How many bytes sealing adds to an RTP packet. */
  readonly rtpOverheadBytes: number;
  /** How many bytes sealing adds to an RTCP packet, its index word included. */
  readonly rtcpOverheadBytes: number;
  /**
   * Seals `prefix` and `payload` behind the RTP header that stands already at `out[at]`.
   * `index` is the extended sequence number (roll-over counter and sequence number, below 2^48).
   * Returns the length of the sealed packet.
   */
  sealRtp(
    out: Uint8Array,
    at: number,
    headerBytes: number,
    prefix: Uint8Array | undefined,
    payload: Uint8Array,
    ssrc: number,
    index: number,
  ): number;
  /** The payload of a sealed RTP packet in a new buffer; undefined when it is not authentic. */
  openRtp(
    packet: Uint8Array,
    headerBytes: number,
    ssrc: number,
    index: number,
  ): Uint8Array | undefined;
  /** Seals a compound RTCP packet with a 31-bit index to `out[at]`. Returns the sealed length. */
  sealRtcp(out: Uint8Array, at: number, plain: Uint8Array, index: number): number;
  /** The index that a sealed RTCP packet claims. */
  rtcpIndex(packet: Uint8Array): number;
  /** The compound packet in a new buffer; undefined when it is not authentic. */
  openRtcp(packet: Uint8Array): Uint8Array | undefined;
}

/** The cipher of one direction. Throws when a master key does not fit the profile. `rtp`: what is derived from it, where that is known. */
export function createPacketCipher(
  profile: SrtpProfile,
  master: SrtpMaster,
  rtp: SessionKeys = deriveSessionKeys(profile, master, "rtp"),
): PacketCipher {
  const rtcp = deriveSessionKeys(profile, master, "rtcp");
  switch (profile) {
    case "AEAD_AES_128_GCM":
      return new GcmCipher(rtp, rtcp);
    case "AES_CM_128_HMAC_SHA1_80":
      return new CounterModeCipher(rtp, rtcp);
  }
}
