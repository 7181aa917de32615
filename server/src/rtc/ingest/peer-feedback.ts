import type { ReceiveMedia } from "../peer.ts";
import { ArrivalLog } from "./arrival-log.ts";
import type { EncodingReceiver } from "./encoding-receiver.ts";
import { writeEstimate, writeReports } from "./feedback-writer.ts";
import type { IngestLimits } from "./limits.ts";
import { ReceiveEstimate } from "./receive-estimate.ts";
import type { RoundTrip } from "./round-trip.ts";

export interface PeerFeedbackOptions {
  readonly limits: IngestLimits;
  readonly roundTrip: RoundTrip;
  readonly nowUs: number;
  /** Sends an RTCP packet. */
  send(packet: Uint8Array): void;
}

/** What the publisher is told about all that it sends together: arrivals, reports, and an estimate where it makes none. */
export class PeerFeedback {
  readonly #options: PeerFeedbackOptions;
  readonly #arrivals: ArrivalLog;
  readonly #estimate: ReceiveEstimate;
  #media: ReceiveMedia | undefined;
  #receivers: readonly EncodingReceiver[] = [];
  #transportCcId: number | undefined;
  #estimates = false;
  #reportUs: number;
  #heard = false;
  #toldBps: number | undefined;

  constructor(options: PeerFeedbackOptions) {
    const { limits, nowUs } = options;
    this.#options = options;
    this.#arrivals = new ArrivalLog({
      intervalUs: limits.feedbackIntervalUs,
      maxPackets: limits.feedbackMaxPackets,
    });
    this.#estimate = new ReceiveEstimate(limits);
    this.#reportUs = nowUs + limits.reportIntervalUs;
  }

  /** Identifier of the transport-wide number in packets; undefined when it is not negotiated. */
  get transportCcId(): number | undefined {
    return this.#transportCcId;
  }

  /** Our SSRC in what is about the peer as a whole. */
  get localSsrc(): number {
    return this.#media?.localSsrc ?? 0;
  }

  /** Transport-wide feedback packets sent. */
  get feedbacks(): number {
    return this.#arrivals.feedbacks;
  }

  /** What the publisher was told last; undefined where it estimates by itself. */
  get toldBps(): number | undefined {
    return this.#toldBps;
  }

  get dueUs(): number {
    const estimateUs = this.#estimates ? this.#estimate.dueUs : Number.POSITIVE_INFINITY;
    return Math.min(this.#reportUs, this.#arrivals.dueUs, estimateUs);
  }

  /** The active lines as negotiated now, and their receivers. */
  configure(lines: readonly ReceiveMedia[], receivers: readonly EncodingReceiver[]): void {
    this.#media = lines[0];
    this.#receivers = receivers;
    // Bundled lines give one meaning to each identifier. RFC 8843 section 9.2.
    const reporting = lines.find((media) => media.feedback.transportCc);
    this.#transportCcId = reporting?.extensions.transportCc;
    // A browser that is given both takes the lower one, so it is given its own only.
    this.#estimates =
      reporting === undefined &&
      lines.some(({ kind, feedback }) => kind === "video" && feedback.remb);
  }

  /** A packet arrived. `transportCc` is its transport-wide number, -1 without one. */
  packet(transportCc: number, ssrc: number, bytes: number, nowUs: number): void {
    this.#heard = true;
    if (transportCc >= 0) {
      this.#arrivals.note(transportCc, ssrc, nowUs);
      if (nowUs >= this.#arrivals.dueUs) this.#sendArrivals();
    }
    if (this.#estimates && this.#estimate.packet(bytes, nowUs)) this.#tellEstimate();
  }

  timeout(nowUs: number): void {
    if (nowUs >= this.#arrivals.dueUs) this.#sendArrivals();
    if (this.#estimates && nowUs >= this.#estimate.dueUs) this.#updateEstimate(nowUs);
    if (nowUs >= this.#reportUs) {
      this.#reportUs = nowUs + this.#options.limits.reportIntervalUs;
      this.#report(nowUs);
    }
  }

  #sendArrivals(): void {
    for (;;) {
      const feedback = this.#arrivals.write(this.localSsrc);
      if (feedback === undefined) return;
      this.#options.send(feedback);
    }
  }

  #report(nowUs: number): void {
    if (this.#media === undefined) return;
    const { cname, localSsrc } = this.#media;
    const { roundTrip, send } = this.#options;
    send(writeReports(localSsrc, cname, this.#receivers, roundTrip, nowUs));
    if (this.#estimates && this.#heard) this.#tellEstimate();
  }

  #updateEstimate(nowUs: number): void {
    let expected = 0;
    let arrived = 0;
    for (const receiver of this.#receivers) {
      expected += receiver.expected;
      arrived += receiver.packets;
    }
    if (this.#estimate.update(expected, arrived, nowUs)) this.#tellEstimate();
  }

  #tellEstimate(): void {
    const { bps } = this.#estimate;
    this.#estimate.told();
    this.#toldBps = bps;
    this.#options.send(writeEstimate(this.localSsrc, bps, this.#receivers));
  }
}
