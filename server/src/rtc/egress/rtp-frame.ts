import type { NtpTime } from "@millrace/media/rtp";

/** One frame as RTP payloads, made once per stream and shared by all its viewers. Immutable. */
export interface RtpFrame {
  /** Position in its output, counting by one over source changes and publisher restarts. */
  readonly number: number;
  readonly key: boolean;
  /** Others are predicted from it; false only for frames that may be left out (nal_ref_idc 0). */
  readonly reference: boolean;
  readonly payloads: readonly Uint8Array[];
  /** What it costs on the wire, with all headers. */
  readonly sizeBytes: number;
  /** Sum of `sizeBytes` of all frames of the output up to and including this one. */
  readonly endBytes: number;
  readonly ptsUs: number;
  /** When it came, on the stream's clock: a burst after a stall has old frames that came together. */
  readonly arrivedUs: number;
  /** `ptsUs` on the RTP clock, not wrapped. */
  readonly ticks: number;
  /** Wall clock at which it entered the gateway. */
  readonly captured: NtpTime;
  /** Carries its capture time: key frames, and one frame in every second. */
  readonly timed: boolean;
}

/** IP, UDP, RTP header with extensions and authentication tag, roughly. For rates and budgets only. */
export const packetOverheadBytes = 70;
