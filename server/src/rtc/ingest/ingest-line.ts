import { inspectPayload, writeFir, writeNack, writePli } from "@millrace/media/rtp";
import type { PayloadFormat, ReceiveEncoding, ReceiveMedia } from "../peer.ts";
import type { CaptureTimeline } from "./capture-timeline.ts";
import { EncodingReceiver, type ReceiverOwner } from "./encoding-receiver.ts";
import { isKeyStart } from "./frame-start.ts";
import type { IngestLimits } from "./limits.ts";
import { LineFormats, videoCodecOf } from "./line-formats.ts";
import { LineSource, type LineSourceOptions } from "./line-source.ts";
import type { RoundTrip } from "./round-trip.ts";
import type { EncodingStats } from "./stats.ts";

export interface IngestLineOptions extends LineSourceOptions {
  readonly limits: IngestLimits;
  readonly roundTrip: RoundTrip;
  readonly timeline: CaptureTimeline;
  /** Sends an RTCP packet. */
  send(packet: Uint8Array): void;
}

/** Frames per second at which other layers are certainly sent, so that one without packets is switched off. */
const flowingFrameRate = 4;

/** One m-line of a publisher: its encodings and what is told to their sender. */
export class IngestLine implements ReceiverOwner {
  readonly #options: IngestLineOptions;
  readonly #source: LineSource;
  #media: ReceiveMedia;
  #formats: LineFormats;
  #receivers: readonly EncodingReceiver[] = [];
  #firSequence = 0;

  constructor(media: ReceiveMedia, options: IngestLineOptions) {
    this.#options = options;
    this.#source = new LineSource(options);
    this.#media = media;
    this.#formats = new LineFormats(media.formats);
    this.update(media);
  }

  get media(): ReceiveMedia {
    return this.#media;
  }

  get formats(): LineFormats {
    return this.#formats;
  }

  get nack(): boolean {
    return this.#media.feedback.nack;
  }

  get receivers(): readonly EncodingReceiver[] {
    return this.#receivers;
  }

  /** Frames that could not be put together. */
  get malformedFrames(): number {
    return this.#source.malformedFrames;
  }

  get stats(): readonly EncodingStats[] {
    return this.#receivers.map((receiver) => this.#statsOf(receiver));
  }

  /** What is negotiated now. Encodings that stay go on. */
  update(media: ReceiveMedia): void {
    this.#media = media;
    this.#formats = new LineFormats(media.formats);
    const before = this.#receivers;
    this.#receivers = media.encodings.map(
      ({ rid }) => before.find((known) => known.rid === rid) ?? this.#openReceiver(rid),
    );
    for (const receiver of before) {
      if (this.#receivers.includes(receiver)) continue;
      this.#source.remove(receiver);
      receiver.close();
    }
  }

  /** What the negotiation says about a receiver's SSRCs. */
  declared(receiver: EncodingReceiver): ReceiveEncoding | undefined {
    return this.#media.encodings.find(({ rid }) => rid === receiver.rid);
  }

  /** The receiver's packets come on that SSRC from now on. */
  bind(receiver: EncodingReceiver, ssrc: number): void {
    const clockRate = this.#media.formats[0]?.clockRate ?? 90_000;
    receiver.bind(ssrc, clockRate, this.#options.timeline.open(receiver.kind, clockRate));
  }

  deliver(
    receiver: EncodingReceiver,
    payload: Uint8Array,
    timestamp: number,
    marker: boolean,
    format: PayloadFormat,
    arrivedUs: number,
  ): void {
    const receivers = this.#receivers;
    this.#source.deliver(receiver, receivers, payload, timestamp, marker, format, arrivedUs);
  }

  lost(receiver: EncodingReceiver, packets: number): void {
    this.#source.lost(receiver, packets);
  }

  awaitsKey(receiver: EncodingReceiver): boolean {
    return this.#source.awaitsKey(receiver);
  }

  isKeyStart(format: PayloadFormat, payload: Uint8Array): boolean {
    const codec = videoCodecOf(format);
    return codec !== undefined && isKeyStart(codec, inspectPayload(codec, payload));
  }

  flush(receiver: EncodingReceiver): void {
    this.#source.stage(receiver)?.encoding.flush();
  }

  sendNack(receiver: EncodingReceiver, sequences: readonly number[]): void {
    if (receiver.ssrc === undefined) return;
    this.#options.send(writeNack(this.#media.localSsrc, receiver.ssrc, sequences));
  }

  sendKeyRequest(receiver: EncodingReceiver): boolean {
    const { feedback, localSsrc } = this.#media;
    const { ssrc } = receiver;
    if (ssrc === undefined || (!feedback.pli && !feedback.fir)) return false;
    if (feedback.pli) this.#options.send(writePli(localSsrc, ssrc));
    else {
      this.#firSequence = (this.#firSequence + 1) & 0xff;
      this.#options.send(writeFir(localSsrc, ssrc, this.#firSequence));
    }
    return true;
  }

  /** Brings figures up to date and notices silence. Call it every `housekeepingUs`. */
  housekeep(nowUs: number): void {
    const { layerSilenceUs, trackSilenceUs } = this.#options.limits;
    for (const receiver of this.#receivers) receiver.meter.turn(nowUs);
    for (const receiver of this.#receivers) {
      const silenceUs = nowUs - receiver.lastMediaUs;
      if (silenceUs <= layerSilenceUs) continue;
      const othersFlow = this.#receivers.some(
        (other) =>
          other.meter.frameRate >= flowingFrameRate && nowUs - other.lastMediaUs < layerSilenceUs,
      );
      if (othersFlow || silenceUs > trackSilenceUs) this.idle(receiver);
    }
  }

  /** The publisher does not send that encoding for now. */
  idle(receiver: EncodingReceiver): void {
    this.#source.stage(receiver)?.encoding.idle();
  }

  /** May be called twice. The stream's track stays: a publisher may come back with it. */
  close(): void {
    this.#source.close();
    for (const receiver of this.#receivers) receiver.close();
    this.#receivers = [];
  }

  #openReceiver(rid: string | undefined): EncodingReceiver {
    const { limits, roundTrip } = this.#options;
    const { kind } = this.#media;
    const receiver = new EncodingReceiver({ kind, rid, owner: this, limits, roundTrip });
    this.#source.add(receiver);
    return receiver;
  }

  #statsOf(receiver: EncodingReceiver): EncodingStats {
    const stage = this.#source.stage(receiver);
    const { order, meter } = receiver;
    return {
      kind: receiver.kind,
      rid: receiver.rid,
      ssrc: receiver.ssrc,
      codec: this.#source.codec,
      width: stage?.encoding.width ?? 0,
      height: stage?.encoding.height ?? 0,
      frameRate: meter.frameRate,
      frames: meter.frames,
      bitrateBps: meter.bitrateBps,
      active: stage?.encoding.active ?? false,
      jitterMs: receiver.jitterMs,
      packets: receiver.packets,
      bytes: receiver.bytes,
      lost: order.lost,
      recovered: order.recovered,
      retransmitted: receiver.retransmitted,
      needless: order.needless,
      duplicates: order.duplicates,
      late: order.late,
      padding: receiver.padding,
      foreign: receiver.foreign,
      nackedPackets: order.nackedPackets,
      nacks: order.nacks,
      keyRequests: receiver.keyRequests.sent,
      keyFrames: stage?.video?.keyFrames ?? 0,
      restarts: receiver.restarts,
      oversizedFrames: stage?.video?.oversized ?? 0,
    };
  }
}
