import {
  joinRtcp,
  type NtpTime,
  writeBye,
  writeSdesCname,
  writeSenderReport,
} from "@millrace/media/rtp";
import type { MediaSender } from "./media-sender.ts";

/**
 * The sender report of one line with its CNAME: `ntp` and `ticks` (of the RTP clock) are the same instant. All lines
 * of a viewer take both from the same clocks at the same moment, never from the last packet, so that a receiver can
 * put sound and picture together. RFC 3550 section 6.4.1.
 */
export function writeLineReport(sender: MediaSender, ntp: NtpTime, ticks: number): Uint8Array {
  return joinRtcp(reportParts(sender, ntp, ticks));
}

/** The same with a BYE: nothing follows on this line. RFC 3550 section 6.6. */
export function writeLineBye(sender: MediaSender, ntp: NtpTime, ticks: number): Uint8Array {
  return joinRtcp([...reportParts(sender, ntp, ticks), writeBye([sender.media.ssrc])]);
}

function reportParts(sender: MediaSender, ntp: NtpTime, ticks: number): Uint8Array[] {
  const { ssrc, cname } = sender.media;
  return [
    writeSenderReport({
      ssrc,
      ntp,
      rtpTime: sender.rtpTime(ticks),
      packetCount: sender.packets,
      octetCount: sender.octets,
    }),
    writeSdesCname(ssrc, new TextEncoder().encode(cname)),
  ];
}
