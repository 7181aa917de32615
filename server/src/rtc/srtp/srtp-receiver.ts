import type { SrtpMaster, SrtpProfile } from "../peer.ts";
import { readUint32 } from "./bytes.ts";
import { type CreateCipher, createPacketCipher, type PacketCipher } from "./packet-cipher.ts";
import { rtpHeaderBytes } from "./packet-kind.ts";
import { PacketSlab } from "./packet-slab.ts";
import { ReplayWindow } from "./replay-window.ts";

/** Why a packet was not opened. It is dropped and counted, nothing else changes. */
export type SrtpFailure =
  | "SRTP_MALFORMED"
  | "SRTP_AUTH_FAILED"
  | "SRTP_REPLAYED"
  | "SRTP_TOO_MANY_SSRCS";

/** An opened RTP packet. */
export interface OpenedRtp {
  /** Header and payload in the clear, in memory of their own. */
  readonly packet: Uint8Array;
  readonly headerBytes: number;
  readonly ssrc: number;
  /** Roll-over counter and sequence number: counts on over wraps. */
  readonly extendedSequence: number;
}

/** Sources of one peer that are told apart. More authentic ones are refused. */
export const defaultMaxSsrcs = 64;

export interface SrtpReceiverOptions {
  readonly maxSsrcs?: number;
  /** Default: node:crypto. */
  readonly createCipher?: CreateCipher | undefined;
}

/** Compound packets are read at once, so that all receivers share the memory for one. As long as a datagram may be. */
const opened = new Uint8Array(0x10000);

/**
 * Opens what one peer sends. State changes only by packets that proved authentic, so nobody else can move
 * the roll-over counter or the replay window.
 */
export class SrtpReceiver {
  readonly #cipher: PacketCipher;
  readonly #maxSsrcs: number;
  readonly #rtp = new Map<number, ReplayWindow>();
  readonly #rtcp = new Map<number, ReplayWindow>();
  readonly #slab = new PacketSlab();

  constructor(profile: SrtpProfile, remote: SrtpMaster, options: SrtpReceiverOptions = {}) {
    const { createCipher = createPacketCipher, maxSsrcs = defaultMaxSsrcs } = options;
    this.#cipher = createCipher(profile, remote);
    this.#maxSsrcs = maxSsrcs;
  }

  /** Opens an SRTP packet. RFC 3711 section 3.3. */
  openRtp(sealed: Uint8Array): OpenedRtp | SrtpFailure {
    const headerBytes = rtpHeaderBytes(sealed);
    if (headerBytes === undefined) return "SRTP_MALFORMED";
    const plainBytes = sealed.length - this.#cipher.rtpOverheadBytes;
    if (plainBytes < headerBytes) return "SRTP_MALFORMED";
    const ssrc = readUint32(sealed, 8);
    const window = this.#rtp.get(ssrc);
    if (window === undefined && this.#rtp.size >= this.#maxSsrcs) return "SRTP_TOO_MANY_SSRCS";
    // Step 2: the index is guessed from the highest one.
    const index = guessIndex(window?.highest, ((sealed[2] ?? 0) << 8) | (sealed[3] ?? 0));
    // Step 4 reads the replay list before the costly check; it is written only after it.
    if (window?.accepts(index) === false) return "SRTP_REPLAYED";
    const packet = this.#slab.room(plainBytes);
    if (!this.#cipher.openRtp(packet, sealed, headerBytes, ssrc, index)) return "SRTP_AUTH_FAILED";
    this.#slab.keep(packet);
    noteIn(this.#rtp, window, ssrc, index);
    return { packet, headerBytes, ssrc, extendedSequence: index };
  }

  /** Opens an SRTCP packet of a datagram. What is returned is the caller's until anything else is opened. RFC 3711 section 3.4. */
  openRtcp(sealed: Uint8Array): Uint8Array | SrtpFailure {
    if (sealed.length < 8 + this.#cipher.rtcpOverheadBytes) return "SRTP_MALFORMED";
    if (sealed.length > opened.length) return "SRTP_MALFORMED";
    const ssrc = readUint32(sealed, 4);
    const window = this.#rtcp.get(ssrc);
    if (window === undefined && this.#rtcp.size >= this.#maxSsrcs) return "SRTP_TOO_MANY_SSRCS";
    const index = this.#cipher.rtcpIndex(sealed);
    if (window?.accepts(index) === false) return "SRTP_REPLAYED";
    const plainBytes = this.#cipher.openRtcp(opened, sealed);
    if (plainBytes === 0) return "SRTP_AUTH_FAILED";
    noteIn(this.#rtcp, window, ssrc, index);
    return opened.subarray(0, plainBytes);
  }
}

function noteIn(
  windows: Map<number, ReplayWindow>,
  known: ReplayWindow | undefined,
  ssrc: number,
  index: number,
): void {
  const window = known ?? new ReplayWindow();
  if (known === undefined) windows.set(ssrc, window);
  window.note(index);
}

/** RFC 3711 section 3.3.1 and appendix A: the extended sequence number nearest to the highest seen. */
function guessIndex(highest: number | undefined, sequence: number): number {
  if (highest === undefined) return sequence;
  const highestSequence = highest % 0x10000;
  const base = highest - highestSequence;
  const ahead = sequence - highestSequence;
  if (ahead > 0x8000 && base > 0) return base - 0x10000 + sequence;
  if (ahead < -0x8000) return base + 0x10000 + sequence;
  return base + sequence;
}
