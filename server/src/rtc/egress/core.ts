import type { DatagramPath, SrtpKeys } from "../peer.ts";
import type { CreateCipher } from "../srtp/packet-cipher.ts";

/** Where sealed datagrams of one peer go. `Peer` is one. */
export interface DatagramPort {
  /** Where datagrams go now; another object as soon as they go elsewhere. Absent: only `send` knows. */
  readonly path?: DatagramPath | undefined;
  /** Sends one datagram or drops it; never throws and never blocks. The bytes are not rewritten while the kernel may read them. */
  send(datagram: Uint8Array): void;
}

/** An RTP header as bytes and as words of the machine: complete but for what differs between the packets of a run. */
export interface RunHeader {
  /** Its length is a multiple of four. The marker bit is clear. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

/** The sending end of one peer: seals with its keys and sends to its address. */
export interface EgressLink {
  /**
   * Seals and sends one RTP packet and returns the length of the datagram; 0 after `close`.
   * `header` is a complete RTP header and, like `prefix`, may be rewritten by the caller afterwards; `payload` stays as
   * it is. `prefix` stands before the payload. `index` is the extended sequence number of `ssrc`. One index always has
   * the same bytes.
   */
  rtp(
    header: Uint8Array,
    prefix: Uint8Array | undefined,
    payload: Uint8Array,
    ssrc: number,
    index: number,
  ): number;
  /**
   * Seals and sends `payloads` from place `from` up to, not including, `end` as packets of one frame: with `header`, consecutive
   * sequence numbers from `index` on, and the marker bit on the one at place `marker` (-1: none). Returns the length of the
   * datagrams together; 0 after `close`. Absent where that is no cheaper than packet by packet.
   */
  run?(
    header: RunHeader,
    payloads: readonly Uint8Array[],
    from: number,
    end: number,
    marker: number,
    ssrc: number,
    index: number,
  ): number;
  /** Seals and sends a compound RTCP packet and returns the length of the datagram; 0 after `close`. */
  rtcp(compound: Uint8Array): number;
  /** May be called twice. */
  close(): void;
}

/** Seals and sends for all peers of the process. The tiers give byte-identical packets. */
export interface EgressCore {
  readonly tier: EgressTier;
  /** Ciphers of this tier, for what is received and for RTCP. Absent: those of node:crypto. */
  readonly createCipher?: CreateCipher;
  open(keys: SrtpKeys, port: DatagramPort): EgressLink;
  /** Sends what a tier gathered. Called after every frame was handed to all viewers and after every pacer tick. */
  flush(): void;
  /** Closes nothing that belongs to a link's owner. May be called twice. */
  close(): void;
}

export type EgressTier = "native" | "wasm" | "node";
