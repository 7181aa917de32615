import type { NtpTime } from "@millrace/media/rtp";
import type { RtcCodec } from "../peer.ts";

/** IP, UDP, RTP header with extensions and authentication tag, roughly. For rates and budgets only. */
export const packetOverheadBytes = 70;

/** What a frame is when it begins. */
export interface RtpFrameStart {
  /** Position in its output, counting by one over source changes and publisher restarts. */
  readonly number: number;
  readonly codec: RtcCodec;
  readonly key: boolean;
  /** Others are predicted from it; false only for frames that may be left out. */
  readonly reference: boolean;
  readonly ptsUs: number;
  /** When it came, on the stream's clock: a burst after a stall has old frames that came together. */
  readonly arrivedUs: number;
  /** `ptsUs` on the RTP clock, not wrapped. */
  readonly ticks: number;
  /** Wall clock at which it entered the gateway. */
  readonly captured: NtpTime;
  /** Carries its capture time: key frames, and one frame in every second. */
  readonly timed: boolean;
  /** Packets lost right before it, of which a receiver is told by a gap in the sequence numbers. */
  readonly lostBefore: number;
  /** Shared with its source, which may add to its end until the frame is complete. The bytes never change. */
  readonly payloads: readonly Uint8Array[];
}

/** One frame as RTP payloads, made or taken over once per stream and shared by all its viewers. It may still grow at its end. */
export class RtpFrame {
  readonly number: number;
  readonly codec: RtcCodec;
  readonly key: boolean;
  readonly reference: boolean;
  readonly ptsUs: number;
  readonly arrivedUs: number;
  readonly ticks: number;
  readonly captured: NtpTime;
  readonly timed: boolean;
  readonly lostBefore: number;
  readonly payloads: readonly Uint8Array[];
  /** Payloads that are counted in `sizeBytes` and may be sent. */
  packets = 0;
  /** What they cost on the wire, with all headers. */
  sizeBytes = 0;
  /** Sum of `sizeBytes` of all frames of the output up to and including this one. */
  endBytes: number;
  complete = false;
  /** Index of the packet with the marker bit; -1 while unknown, and when the last one was sent before it was known to be the last. */
  marker = -1;

  /** `endBytes`: of the frame before. */
  constructor(start: RtpFrameStart, endBytes: number) {
    this.number = start.number;
    this.codec = start.codec;
    this.key = start.key;
    this.reference = start.reference;
    this.ptsUs = start.ptsUs;
    this.arrivedUs = start.arrivedUs;
    this.ticks = start.ticks;
    this.captured = start.captured;
    this.timed = start.timed;
    this.lostBefore = start.lostBefore;
    this.payloads = start.payloads;
    this.endBytes = endBytes;
  }

  /** Takes in the payloads that came since the last call. For FrameHistory. */
  grow(complete: boolean): void {
    const before = this.packets;
    for (; this.packets < this.payloads.length; this.packets++) {
      const size = (this.payloads[this.packets]?.length ?? 0) + packetOverheadBytes;
      this.sizeBytes += size;
      this.endBytes += size;
    }
    // One sequence number must never be sent with two headers, so a packet that is out stays unmarked.
    if (complete && !this.complete && this.packets > before) this.marker = this.packets - 1;
    this.complete ||= complete;
  }
}
