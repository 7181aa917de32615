import {
  joinRtcp,
  type ReportBlock,
  writeReceiverReferenceTime,
  writeReceiverReport,
  writeRemb,
  writeSdesCname,
} from "@millrace/media/rtp";
import type { EncodingReceiver } from "./encoding-receiver.ts";
import type { RoundTrip } from "./round-trip.ts";

/** RFC 3550 section 6.4.2: one report has at most so many blocks. */
const maxReportBlocks = 31;
const encoder = new TextEncoder();

/**
 * RFC 3550 section 6.1, a compound: receiver report with what came on each SSRC, source description, and a reference time
 * (RFC 3611 section 4.4), whose answer gives the round trip.
 */
export function writeReports(
  localSsrc: number,
  cname: string,
  receivers: readonly EncodingReceiver[],
  roundTrip: RoundTrip,
  nowUs: number,
): Uint8Array {
  const blocks: ReportBlock[] = [];
  for (const receiver of receivers) {
    const block = blocks.length < maxReportBlocks ? receiver.report(nowUs) : undefined;
    if (block !== undefined) blocks.push(block);
  }
  return joinRtcp([
    writeReceiverReport(localSsrc, blocks),
    writeSdesCname(localSsrc, encoder.encode(cname)),
    writeReceiverReferenceTime(localSsrc, roundTrip.reference(nowUs)),
  ]);
}

/** draft-alvestrand-rmcat-remb-03 section 2.2, for all SSRCs of the peer together. */
export function writeEstimate(
  localSsrc: number,
  bps: number,
  receivers: readonly EncodingReceiver[],
): Uint8Array {
  const ssrcs: number[] = [];
  for (const { ssrc } of receivers) if (ssrc !== undefined) ssrcs.push(ssrc);
  return writeRemb(localSsrc, bps, ssrcs);
}
