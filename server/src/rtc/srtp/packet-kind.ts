const version2 = 0x80;
const versionMask = 0xc0;
const fixedHeaderBytes = 12;
const minRtcpBytes = 8;

/** Tells RTP from RTCP on one port: RTCP packet types 192 to 223. RFC 5761 section 4. Undefined: neither. */
export function packetKind(packet: Uint8Array): "rtp" | "rtcp" | undefined {
  if (((packet[0] ?? 0) & versionMask) !== version2 || packet.length < minRtcpBytes)
    return undefined;
  const type = packet[1] ?? 0;
  if (type >= 192 && type <= 223) return "rtcp";
  return packet.length >= fixedHeaderBytes ? "rtp" : undefined;
}

/**
 * Length of an RTP header with its contributing sources and extension, which stay readable in SRTP.
 * Undefined when the packet is too short for what it announces. RFC 3550 sections 5.1 and 5.3.1.
 */
export function rtpHeaderBytes(packet: Uint8Array): number | undefined {
  const first = packet[0] ?? 0;
  let length = fixedHeaderBytes + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) {
    if (packet.length < length + 4) return undefined;
    length += 4 + 4 * (((packet[length + 2] ?? 0) << 8) | (packet[length + 3] ?? 0));
  }
  return packet.length < length ? undefined : length;
}
