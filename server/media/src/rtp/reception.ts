import { msToCompactNtp } from "./ntp.ts";
import type { ReportBlock } from "./rtcp.ts";
import { SequenceUnwrapper, timestampDistance } from "./sequence.ts";

/**
 * What a receiver report says about one SSRC, RFC 3550 appendix A.3 and A.8. Feed it every packet that
 * arrives, before it is put in order; retransmissions that come on another SSRC do not belong here. A sender that
 * restarts with other sequence numbers (ReorderCounters.restarts) needs a new object.
 */
export class ReceptionStatistics {
  readonly #ssrc: number;
  readonly #clockRate: number;
  readonly #unwrapper = new SequenceUnwrapper();
  #firstSequence: number | undefined;
  #highestSequence = 0;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #jitter = 0;
  #lastArrivalMs = 0;
  #lastTimestamp: number | undefined;
  #lastSenderReport = 0;
  #senderReportMs = 0;

  constructor(ssrc: number, clockRate: number) {
    this.#ssrc = ssrc;
    this.#clockRate = clockRate;
  }

  /** Packets that arrived, duplicates too. */
  get receivedPackets(): number {
    return this.#received;
  }

  /** A packet arrived. `nowMs` is of a clock that never steps. */
  packet(sequence: number, timestamp: number, nowMs: number): void {
    const extended = this.#unwrapper.unwrap(sequence);
    if (this.#firstSequence === undefined) {
      this.#firstSequence = extended;
      this.#highestSequence = extended;
    }
    this.#highestSequence = Math.max(this.#highestSequence, extended);
    this.#received += 1;
    // Packets of one frame are sent together, so only its first says something about the network.
    if (timestamp === this.#lastTimestamp) return;
    if (this.#lastTimestamp !== undefined) {
      const arrivalTicks = ((nowMs - this.#lastArrivalMs) * this.#clockRate) / 1000;
      const deviation = arrivalTicks - timestampDistance(timestamp, this.#lastTimestamp);
      this.#jitter += (Math.abs(deviation) - this.#jitter) / 16;
    }
    this.#lastTimestamp = timestamp;
    this.#lastArrivalMs = nowMs;
  }

  /** A sender report of this SSRC arrived; `compact` is `compactNtp` of its NTP time. */
  senderReport(compact: number, nowMs: number): void {
    this.#lastSenderReport = compact;
    this.#senderReportMs = nowMs;
  }

  /** The report block for now; undefined before the first packet. The lost fraction counts from call to call. */
  report(nowMs: number): ReportBlock | undefined {
    if (this.#firstSequence === undefined) return undefined;
    const expected = this.#highestSequence - this.#firstSequence + 1;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.#received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = this.#received;
    const hasReport = this.#lastSenderReport !== 0;
    const delayMs = hasReport ? nowMs - this.#senderReportMs : 0;
    return {
      ssrc: this.#ssrc,
      fractionLost:
        expectedNow <= 0 || lostNow <= 0 ? 0 : Math.floor((lostNow * 256) / expectedNow),
      cumulativeLost: expected - this.#received,
      highestSequence: this.#highestSequence >>> 0,
      jitter: Math.floor(this.#jitter) >>> 0,
      lastSenderReport: this.#lastSenderReport,
      delaySinceLastSenderReport: msToCompactNtp(delayMs),
    };
  }
}
