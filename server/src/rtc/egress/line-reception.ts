import { type ReportBlock, roundTripMs } from "@millrace/media/rtp";

/** How one of our SSRCs arrives at the viewer, from its receiver reports. RFC 3550 section 6.4. */
export class LineReception {
  readonly #clockRate: number;
  /** Share of packets lost in the last report interval, 0 to 1. */
  lossShare = 0;
  /** Packets lost since the start; retransmissions may make it negative. */
  packetsLost = 0;
  jitterMs = 0;
  /** Undefined before the viewer answered a sender report. */
  roundTripMs: number | undefined;
  reports = 0;

  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** Takes a report block that arrived at `wallMs`. */
  report(block: ReportBlock, wallMs: number): void {
    this.reports++;
    this.lossShare = block.fractionLost / 256;
    this.packetsLost = block.cumulativeLost;
    this.jitterMs = (block.jitter * 1000) / this.#clockRate;
    const { lastSenderReport, delaySinceLastSenderReport } = block;
    const measured = roundTripMs(wallMs, lastSenderReport, delaySinceLastSenderReport);
    if (measured !== undefined) this.roundTripMs = measured;
  }
}
