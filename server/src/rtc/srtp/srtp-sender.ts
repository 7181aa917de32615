import type { SrtpMaster, SrtpProfile } from "../peer.ts";
import { type CreateCipher, createPacketCipher, type PacketCipher } from "./packet-cipher.ts";

/** RFC 3711 section 9.2: after so many packets the keys are used up. */
const maxRtcpIndex = 0x7fffffff;

/** Seals what we send to one peer. */
export class SrtpSender {
  readonly #cipher: PacketCipher;
  #rtcpIndex = 0;

  constructor(
    profile: SrtpProfile,
    local: SrtpMaster,
    createCipher: CreateCipher = createPacketCipher,
  ) {
    this.#cipher = createCipher(profile, local);
  }

  get rtpOverheadBytes(): number {
    return this.#cipher.rtpOverheadBytes;
  }

  get rtcpOverheadBytes(): number {
    return this.#cipher.rtcpOverheadBytes;
  }

  /**
   * Seals `prefix` and `payload` behind the RTP header at `out[at]` and returns the length of the packet.
   * `index` is the extended sequence number from the caller, so that a packet sent again after the sequence number
   * wrapped is sealed as it was the first time. Header, prefix and payload of one SSRC and index must always be the same bytes:
   * different ones would give away the authentication key.
   */
  sealRtp(
    out: Uint8Array,
    at: number,
    headerBytes: number,
    prefix: Uint8Array | undefined,
    payload: Uint8Array,
    ssrc: number,
    index: number,
  ): number {
    return this.#cipher.sealRtp(out, at, headerBytes, prefix, payload, ssrc, index);
  }

  /** Seals a compound RTCP packet to `out[at]` and returns its length. */
  sealRtcp(out: Uint8Array, at: number, plain: Uint8Array): number {
    if (this.#rtcpIndex >= maxRtcpIndex) throw new Error("SRTCP index is used up");
    return this.#cipher.sealRtcp(out, at, plain, this.#rtcpIndex++);
  }
}
