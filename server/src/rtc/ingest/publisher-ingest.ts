import { parseRtcp, type RtcpPacket, type SenderReport, unwrapRtx } from "@millrace/media/rtp";
import { type Clock, type Log, ProtocolError, type Publisher } from "../../core/index.ts";
import type { ReceiveMedia } from "../peer.ts";
import { ArrivalLog } from "./arrival-log.ts";
import { CaptureTimeline } from "./capture-timeline.ts";
import { Demultiplexer, type Route } from "./demultiplexer.ts";
import type { EncodingReceiver } from "./encoding-receiver.ts";
import { writeEstimate, writeReports } from "./feedback-writer.ts";
import { IngestLine, type IngestLineOptions } from "./ingest-line.ts";
import { defaultIngestLimits, housekeepingUs, type IngestLimits } from "./limits.ts";
import { ReceiveEstimate } from "./receive-estimate.ts";
import { RoundTrip } from "./round-trip.ts";
import { RtpReader } from "./rtp-reader.ts";
import type { IngestStats } from "./stats.ts";

export interface PublisherIngestOptions {
  /** Stays the caller's. */
  readonly publisher: Publisher;
  /** For calls of viewers, who pass no time; times passed in are of the same clock. */
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<IngestLimits>;
  /** Takes an RTCP packet in the clear, alone (RFC 5506) or compound. */
  send(packet: Uint8Array): void;
  /** `nextTimeoutUs` may have come closer outside of a call into the ingest. */
  wake(): void;
}

/**
 * What one publisher sends, from opened RTP and RTCP to packet sources that its `Publisher` announces. It opens no
 * socket and sets no timer: call `onTimeout` when `nextTimeoutUs` has come, which may change with each call in.
 */
export class PublisherIngest {
  readonly #options: PublisherIngestOptions;
  readonly #limits: IngestLimits;
  readonly #lineOptions: IngestLineOptions;
  readonly #reader = new RtpReader();
  readonly #demultiplexer: Demultiplexer;
  readonly #timeline: CaptureTimeline;
  readonly #roundTrip = new RoundTrip();
  readonly #arrivals: ArrivalLog;
  readonly #estimate: ReceiveEstimate;
  /** From the monotonic clock to the stream's. */
  readonly #streamOffsetUs: number;
  /** From the publisher's time line to the stream's, as of the newest frame. */
  #streamShiftUs = 0;
  #lines: readonly IngestLine[] = [];
  #receivers: readonly EncodingReceiver[] = [];
  #transportCcId: number | undefined;
  #estimates = false;
  #reportUs: number;
  #housekeepUs: number;
  #told: number | undefined;
  #packets = 0;
  #bytes = 0;
  #retired = 0;
  #probes = 0;
  #malformed = 0;
  #malformedFrames = 0;
  #lastRtpUs: number | undefined;
  #closed = false;

  constructor(options: PublisherIngestOptions) {
    const { clock, log, publisher } = options;
    const limits = { ...defaultIngestLimits, ...options.limits };
    this.#options = options;
    this.#limits = limits;
    this.#demultiplexer = new Demultiplexer(limits.maxSsrcs);
    this.#timeline = new CaptureTimeline(limits.maxCaptureDelayUs);
    this.#arrivals = new ArrivalLog({
      intervalUs: limits.feedbackIntervalUs,
      maxPackets: limits.feedbackMaxPackets,
    });
    this.#estimate = new ReceiveEstimate(limits);
    const nowUs = clock.nowUs();
    this.#streamOffsetUs = publisher.stream.nowUs() - nowUs;
    this.#reportUs = nowUs + limits.reportIntervalUs;
    this.#housekeepUs = nowUs + housekeepingUs;
    this.#lineOptions = {
      publisher,
      limits,
      roundTrip: this.#roundTrip,
      timeline: this.#timeline,
      nowUs: () => clock.nowUs(),
      streamUs: (captureUs) => this.#streamUs(captureUs),
      arrivalUs: (us) => us + this.#streamOffsetUs,
      send: options.send,
      wake: options.wake,
      sinkFailed: (error) => log.error({ err: error }, "a packet sink failed and was removed"),
    };
  }

  get stats(): IngestStats {
    const { measuredUs } = this.#roundTrip;
    const { captureDelayUs } = this.#timeline;
    return {
      encodings: this.#lines.flatMap((line) => line.stats),
      packets: this.#packets,
      bytes: this.#bytes,
      roundTripMs: measuredUs === undefined ? undefined : measuredUs / 1000,
      captureDelayMs: captureDelayUs === undefined ? undefined : captureDelayUs / 1000,
      unknown: this.#demultiplexer.unknown,
      retired: this.#retired,
      probes: this.#probes,
      malformed: this.#malformed,
      malformedFrames: this.#lines.reduce(
        (sum, line) => sum + line.malformedFrames,
        this.#malformedFrames,
      ),
      feedbacks: this.#arrivals.feedbacks,
      estimateBps: this.#told,
    };
  }

  /** SSRCs that are told apart now. */
  get ssrcs(): number {
    return this.#demultiplexer.size;
  }

  /** When the last RTP packet came, whatever it was; undefined before the first. */
  get lastRtpUs(): number | undefined {
    return this.#lastRtpUs;
  }

  /** When to call `onTimeout`. */
  get nextTimeoutUs(): number {
    let dueUs = Math.min(this.#reportUs, this.#housekeepUs, this.#arrivals.dueUs);
    if (this.#estimates) dueUs = Math.min(dueUs, this.#estimate.dueUs);
    for (const receiver of this.#receivers) dueUs = Math.min(dueUs, receiver.dueUs);
    return dueUs;
  }

  /** What is negotiated now. Tracks that the peer has taken away are removed; others go on. */
  configure(receives: readonly ReceiveMedia[]): void {
    if (this.#closed) return;
    const wanted = receives.filter((media) => media.active);
    const lines = wanted.map((media) => {
      const known = this.#lines.find((line) => line.media.mid === media.mid);
      known?.update(media);
      return known ?? new IngestLine(media, this.#lineOptions);
    });
    const before = this.#lines;
    this.#lines = lines;
    for (const line of before) if (!lines.includes(line)) this.#remove(line);
    this.#receivers = lines.flatMap((line) => line.receivers);
    this.#demultiplexer.configure(lines);
    // Bundled lines give one meaning to each identifier. RFC 8843 section 9.2.
    const reporting = lines.find(({ media }) => media.feedback.transportCc);
    this.#transportCcId = reporting?.media.extensions.transportCc;
    // A browser that is given both takes the lower one, so it is given its own only.
    this.#estimates =
      reporting === undefined &&
      lines.some(({ media }) => media.kind === "video" && media.feedback.remb);
  }

  /** An authentic RTP packet in the clear. Keeps its bytes. */
  rtp(packet: Uint8Array, nowUs: number): void {
    if (this.#closed) return;
    const reader = this.#reader;
    if (!reader.read(packet)) {
      this.#malformed++;
      return;
    }
    this.#packets++;
    this.#bytes += packet.length;
    this.#lastRtpUs = nowUs;
    if (this.#transportCcId !== undefined) {
      const number = reader.number16(this.#transportCcId);
      if (number >= 0) this.#arrivals.note(number, reader.ssrc, nowUs);
    }
    const route = this.#demultiplexer.route(reader);
    if (route !== undefined) this.#receive(route, nowUs);
    if (this.#estimates && this.#estimate.packet(packet.length, nowUs)) this.#tellEstimate();
    if (nowUs >= this.#arrivals.dueUs) this.#sendFeedback();
  }

  /** An authentic RTCP packet in the clear. */
  rtcp(compound: Uint8Array, nowUs: number): void {
    if (this.#closed) return;
    let packets: readonly RtcpPacket[];
    try {
      packets = parseRtcp(compound);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#malformed++;
      return;
    }
    for (const packet of packets) this.#takeRtcp(packet, nowUs);
  }

  /** The time in `nextTimeoutUs` has come, or nearly. */
  onTimeout(nowUs: number): void {
    if (this.#closed) return;
    if (nowUs >= this.#arrivals.dueUs) this.#sendFeedback();
    for (const receiver of this.#receivers) {
      if (nowUs >= receiver.dueUs) receiver.timeout(nowUs);
    }
    if (this.#estimates && nowUs >= this.#estimate.dueUs) this.#updateEstimate(nowUs);
    if (nowUs >= this.#housekeepUs) {
      this.#housekeepUs = nowUs + housekeepingUs;
      for (const line of this.#lines) line.housekeep(nowUs);
    }
    if (nowUs >= this.#reportUs) {
      this.#reportUs = nowUs + this.#limits.reportIntervalUs;
      this.#sendReports(nowUs);
    }
  }

  /** Nothing comes any more. Tracks stay with the stream, which may wait for its publisher. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const line of this.#lines) line.close();
    this.#lines = [];
    this.#receivers = [];
    this.#demultiplexer.clear();
  }

  #receive({ line, receiver, role }: Route, nowUs: number): void {
    const reader = this.#reader;
    if (role === "media") {
      receiver.receive(reader, line.formats.plain(reader.payloadType), nowUs);
      return;
    }
    if (role === "retired") {
      this.#retired++;
      return;
    }
    const format = line.formats.repeated(reader.payloadType);
    const content = unwrapRtx(reader.payload());
    if (content === undefined || format === undefined) {
      this.#probes++;
      return;
    }
    const { sequence, payload } = content;
    const { timestamp, marker } = reader;
    receiver.retransmission(sequence, payload, timestamp, marker, format, nowUs);
  }

  #takeRtcp(packet: RtcpPacket, nowUs: number): void {
    if (packet.type === "sender-report") this.#takeSenderReport(packet, nowUs);
    else if (packet.type === "extended-report") {
      for (const { ssrc, lastReceiverReport, delaySinceLastReceiverReport } of packet.delays) {
        if (ssrc !== this.#localSsrc) continue;
        this.#roundTrip.answered(lastReceiverReport, delaySinceLastReceiverReport, nowUs);
      }
    } else if (packet.type === "bye") {
      for (const ssrc of packet.ssrcs) {
        const route = this.#demultiplexer.get(ssrc);
        if (route?.role === "media") route.line.idle(route.receiver);
      }
    }
  }

  #takeSenderReport(report: SenderReport, nowUs: number): void {
    const route = this.#demultiplexer.get(report.ssrc);
    if (route?.role !== "media") return;
    const ntpUs = route.receiver.senderReport(report.ntp, report.rtpTime, nowUs);
    if (ntpUs === undefined || route.receiver.line?.reported !== true) return;
    const travelUs = (this.#roundTrip.measuredUs ?? 0) / 2;
    const streamUs = nowUs + this.#streamOffsetUs;
    this.#timeline.measureDelay(ntpUs, streamUs, travelUs, this.#streamShiftUs);
    const { captureDelayUs } = this.#timeline;
    if (captureDelayUs !== undefined) this.#options.publisher.setCaptureDelay(captureDelayUs);
  }

  #streamUs(captureUs: number): number {
    const us = this.#options.publisher.streamUs(captureUs);
    this.#streamShiftUs = us - captureUs;
    return us;
  }

  /** Ours, for what is about the peer as a whole. */
  get #localSsrc(): number {
    return this.#lines[0]?.media.localSsrc ?? 0;
  }

  #sendFeedback(): void {
    for (;;) {
      const feedback = this.#arrivals.write(this.#localSsrc);
      if (feedback === undefined) return;
      this.#options.send(feedback);
    }
  }

  #sendReports(nowUs: number): void {
    const media = this.#lines[0]?.media;
    if (media === undefined) return;
    const { cname, localSsrc } = media;
    this.#options.send(writeReports(localSsrc, cname, this.#receivers, this.#roundTrip, nowUs));
    if (this.#estimates && this.#lastRtpUs !== undefined) this.#tellEstimate();
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
    this.#told = bps;
    this.#options.send(writeEstimate(this.#localSsrc, bps, this.#receivers));
  }

  #remove(line: IngestLine): void {
    this.#malformedFrames += line.malformedFrames;
    const { kind } = line.media;
    line.close();
    // Another line may have taken over that kind of media; its first key frame announces it.
    this.#options.publisher.removeTrack(kind);
  }
}
