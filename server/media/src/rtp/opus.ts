import type { RtpPacket } from "./packet.ts";

/** RFC 7587 section 4.1: the RTP clock of Opus, whatever the sample rate of the sound. */
export const opusClockRate = 48_000;

/** One Opus packet with its RTP timestamp. */
export interface OpusRtpFrame {
  /** RTP timestamp, unsigned 32 bits, 48 kHz. */
  readonly timestamp: number;
  /** The first packet of a talk spurt, after silence that was not sent. */
  readonly isTalkSpurt: boolean;
  /** A view of the RTP packet. */
  readonly packet: Uint8Array;
}

/** RFC 7587 section 4.2: an Opus packet is the payload of one RTP packet, without a copy. */
export function packetizeOpus(packet: Uint8Array): readonly Uint8Array[] {
  return [packet];
}

/** RFC 7587 section 4.2. Undefined for a packet without payload, which only pads. */
export function depacketizeOpus(packet: RtpPacket): OpusRtpFrame | undefined {
  const { timestamp, marker: isTalkSpurt, payload } = packet;
  return payload.byteLength === 0 ? undefined : { timestamp, isTalkSpurt, packet: payload };
}
