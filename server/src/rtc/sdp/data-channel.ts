import type { MediaDescription } from "sdp-transform";
import type { DataMedia } from "../peer.ts";

/** Longest message that we take on a data channel, and the longest that we send, bytes; what Chromium takes. */
export const MAX_MESSAGE_SIZE = 262_144;
/** What an offer takes that does not say. RFC 8841 section 6.1. */
const DEFAULT_MAX_MESSAGE_SIZE = 65_536;
/** RFC 8832 section 8.1: what the m-line lists where others have payload types. */
const FORMAT = "webrtc-datachannel";
const PROTOCOLS: ReadonlySet<string> = new Set(["UDP/DTLS/SCTP", "TCP/DTLS/SCTP"]);

/** Whether an m-line is for data channels as browsers have them. RFC 8841 section 4. */
export function isDataLine(line: MediaDescription): boolean {
  return (
    String(line.type) === "application" &&
    PROTOCOLS.has(String(line.protocol)) &&
    String(line.payloads) === FORMAT &&
    isPort(line.sctpPort)
  );
}

/** What such an m-line says. RFC 8841 sections 5 and 6. */
export function readDataLine(line: MediaDescription, mid: string): DataMedia {
  const limit = Number(line.maxMessageSize ?? DEFAULT_MAX_MESSAGE_SIZE);
  // 0 stands for any size. RFC 8841 section 6.1.
  const maxMessageSize = limit === 0 ? MAX_MESSAGE_SIZE : Math.min(limit, MAX_MESSAGE_SIZE);
  return { mid, sctpPort: Number(line.sctpPort), maxMessageSize };
}

function isPort(port: number | undefined): boolean {
  return port !== undefined && Number.isInteger(port) && port > 0 && port <= 65_535;
}
