import type { SrtpMaster, SrtpProfile } from "../peer.ts";
import { CounterModeCipher } from "./counter-mode-cipher.ts";
import { GcmCipher } from "./gcm-cipher.ts";
import { DerivedKeys } from "./key-derivation.ts";

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
  /**
   * Opens a sealed RTP packet, which is `headerBytes` and `rtpOverheadBytes` long at least, into `out`: header and
   * payload, as long as the packet but for `rtpOverheadBytes`. False: not authentic, and `out` is void.
   */
  openRtp(
    out: Uint8Array,
    packet: Uint8Array,
    headerBytes: number,
    ssrc: number,
    index: number,
  ): boolean;
  /** Seals a compound RTCP packet with a 31-bit index to `out[at]`. Returns the sealed length. */
  sealRtcp(out: Uint8Array, at: number, plain: Uint8Array, index: number): number;
  /** The index that a sealed RTCP packet claims. */
  rtcpIndex(packet: Uint8Array): number;
  /**
   * Opens a sealed RTCP packet into `out`, which is as long at least. Returns the length of the compound packet;
   * 0: not authentic, and `out` is void.
   */
  openRtcp(out: Uint8Array, packet: Uint8Array): number;
}

/** Makes the cipher of one direction. Throws when a master key does not fit the profile. */
export type CreateCipher = (profile: SrtpProfile, master: SrtpMaster) => PacketCipher;

/** The cipher of one direction on node:crypto. Throws when a master key does not fit the profile. */
export const createPacketCipher: CreateCipher = (profile, master) => {
  const keys = new DerivedKeys(profile, master);
  switch (profile) {
    case "AEAD_AES_128_GCM":
      return new GcmCipher(keys);
    case "AES_CM_128_HMAC_SHA1_80":
      return new CounterModeCipher(keys);
  }
};
