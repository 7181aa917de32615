import { parseRtcp, type RtcpPacket, type SenderReport, unwrapRtx } from "@millrace/media/rtp";
import { type Clock, type Log, ProtocolError, type Publisher } from "../../core/index.ts";
import type { ReceiveMedia } from "../peer.ts";
import { CaptureTimeline } from "./capture-timeline.ts";
import { Demultiplexer, type Route } from "./demultiplexer.ts";
import type { EncodingReceiver } from "./encoding-receiver.ts";
import { IngestLine, type IngestLineOptions } from "./ingest-line.ts";
import { defaultIngestLimits, housekeepingUs, type IngestLimits } from "./limits.ts";
import { PeerFeedback } from "./peer-feedback.ts";
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
  readonly #lineOptions: IngestLineOptions;
  readonly #reader = new RtpReader();
  readonly #demultiplexer: Demultiplexer;
  readonly #timeline: CaptureTimeline;
  readonly #roundTrip = new RoundTrip();
  readonly #feedback: PeerFeedback;
  /** From the monotonic clock to the stream's. */
  readonly #streamOffsetUs: number;
  /** From the publisher's time line to the stream's, as of the newest frame. */
  #streamShiftUs = 0;
  #lines: readonly IngestLine[] = [];
  #receivers: readonly EncodingReceiver[] = [];
  #housekeepUs: number;
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
    this.#demultiplexer = new Demultiplexer(limits.maxSsrcs);
    this.#timeline = new CaptureTimeline(limits.maxCaptureDelayUs);
    const nowUs = clock.nowUs();
    const { send } = options;
    this.#feedback = new PeerFeedback({ limits, roundTrip: this.#roundTrip, nowUs, send });
    this.#streamOffsetUs = publisher.stream.nowUs() - nowUs;
    this.#housekeepUs = nowUs + housekeepingUs;
    this.#lineOptions = {
      publisher,
      limits,
      roundTrip: this.#roundTrip,
      timeline: this.#timeline,
      nowUs: () => clock.nowUs(),
      streamUs: (captureUs) => this.#streamUs(captureUs),
      arrivalUs: (us) => us + this.#streamOffsetUs,
      send,
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
      feedbacks: this.#feedback.feedbacks,
      estimateBps: this.#feedback.toldBps,
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
    let dueUs = Math.min(this.#housekeepUs, this.#feedback.dueUs);
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
    this.#feedback.configure(wanted, this.#receivers);
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
    const { transportCcId } = this.#feedback;
    const number = transportCcId === undefined ? -1 : reader.number16(transportCcId);
    const { ssrc } = reader;
    const route = this.#demultiplexer.route(reader);
    if (route !== undefined) this.#receive(route, nowUs);
    this.#feedback.packet(number, ssrc, packet.length, nowUs);
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
    this.#feedback.timeout(nowUs);
    for (const receiver of this.#receivers) {
      if (nowUs >= receiver.dueUs) receiver.timeout(nowUs);
    }
    if (nowUs >= this.#housekeepUs) {
      this.#housekeepUs = nowUs + housekeepingUs;
      for (const line of this.#lines) line.housekeep(nowUs);
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
        if (ssrc !== this.#feedback.localSsrc) continue;
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

  #remove(line: IngestLine): void {
    this.#malformedFrames += line.malformedFrames;
    const { kind } = line.media;
    line.close();
    // Another line may have taken over that kind of media; its first key frame announces it.
    this.#options.publisher.removeTrack(kind);
  }
}
