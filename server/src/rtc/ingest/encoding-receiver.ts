import {
  compactNtp,
  type NtpTime,
  ReceptionStatistics,
  type ReportBlock,
} from "@millrace/media/rtp";
import type { PayloadFormat } from "../peer.ts";
import type { CaptureLine } from "./capture-timeline.ts";
import { KeyRequests } from "./key-requests.ts";
import type { IngestLimits } from "./limits.ts";
import { type OrderOwner, PacketOrder } from "./packet-order.ts";
import { RateMeter } from "./rate-meter.ts";
import type { RoundTrip } from "./round-trip.ts";
import type { RtpReader } from "./rtp-reader.ts";

/** Where the packets of an encoding go, in order, and what its line has negotiated. */
export interface ReceiverOwner {
  /** The peer takes generic NACKs. */
  readonly nack: boolean;
  deliver(
    receiver: EncodingReceiver,
    payload: Uint8Array,
    timestamp: number,
    marker: boolean,
    format: PayloadFormat,
    arrivedUs: number,
  ): void;
  lost(receiver: EncodingReceiver, packets: number): void;
  awaitsKey(receiver: EncodingReceiver): boolean;
  isKeyStart(format: PayloadFormat, payload: Uint8Array): boolean;
  /** Everything that can be handed over now was. */
  flush(receiver: EncodingReceiver): void;
  sendNack(receiver: EncodingReceiver, sequences: readonly number[]): void;
  /** False when the peer takes no such requests. */
  sendKeyRequest(receiver: EncodingReceiver): boolean;
}

export interface EncodingReceiverOptions {
  readonly kind: "video" | "audio";
  readonly rid: string | undefined;
  readonly owner: ReceiverOwner;
  readonly limits: IngestLimits;
  readonly roundTrip: RoundTrip;
}

/** A packet with a number outside of what is expected. */
interface Suspect {
  readonly sequence: number;
  readonly payload: Uint8Array;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly format: PayloadFormat | undefined;
  readonly arrivedUs: number;
}

const nothing = new Uint8Array(0);

/** Receives one encoding: its SSRC, the SSRC on which its packets are sent again, and its sender reports. */
export class EncodingReceiver implements OrderOwner {
  readonly kind: "video" | "audio";
  readonly rid: string | undefined;
  readonly meter: RateMeter = new RateMeter();
  readonly keyRequests: KeyRequests;
  readonly order: PacketOrder;
  readonly #options: EncodingReceiverOptions;
  #reception: ReceptionStatistics | undefined;
  #line: CaptureLine | undefined;
  #clockRate = 90_000;
  #suspect: Suspect | undefined;
  #expectedBefore = 0;
  #jitterTicks = 0;
  #ssrc: number | undefined;
  /** Where its packets are sent again. */
  rtxSsrc: number | undefined;
  /** When the last packet with a payload came. */
  lastMediaUs: number = Number.NEGATIVE_INFINITY;
  packets = 0;
  bytes = 0;
  retransmitted = 0;
  padding = 0;
  foreign = 0;
  restarts = 0;

  constructor(options: EncodingReceiverOptions) {
    const { kind, limits, owner, rid, roundTrip } = options;
    this.#options = options;
    this.kind = kind;
    this.rid = rid;
    this.order = new PacketOrder({ owner: this, limits, roundTrip });
    this.keyRequests = new KeyRequests({
      limits,
      roundTripUs: () => roundTrip.us,
      send: () => this.#ssrc !== undefined && owner.sendKeyRequest(this),
    });
  }

  /** Undefined until it is known. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** The capture clock of its SSRC; undefined until that is known. */
  get line(): CaptureLine | undefined {
    return this.#line;
  }

  /** Packets that were sent on its SSRCs so far, as their numbers tell. */
  get expected(): number {
    return this.#expectedBefore + this.order.expected;
  }

  /** As in the last receiver report. */
  get jitterMs(): number {
    return (this.#jitterTicks * 1000) / this.#clockRate;
  }

  get nack(): boolean {
    return this.#options.owner.nack;
  }

  get awaitsKey(): boolean {
    return this.#options.owner.awaitsKey(this);
  }

  /** When to call `timeout`; Infinity: never. */
  get dueUs(): number {
    return Math.min(this.order.dueUs, this.keyRequests.dueUs);
  }

  /** Its packets come on that SSRC from now on. The receiver closes the line. */
  bind(ssrc: number, clockRate: number, line: CaptureLine): void {
    this.#line?.close();
    this.#line = line;
    this.#clockRate = clockRate;
    this.#ssrc = ssrc;
    if (this.order.begun) this.#forget();
    this.#reception = undefined;
  }

  /** A packet on its own SSRC. `format` is undefined when the payload type is not negotiated. */
  receive(reader: RtpReader, format: PayloadFormat | undefined, nowUs: number): void {
    const { sequence, timestamp, marker, ssrc } = reader;
    const payload = this.#payloadOf(reader, format, nowUs);
    this.packets++;
    if (!this.order.begun) this.order.begin(sequence);
    const ahead = this.order.distance(sequence);
    if (this.order.isOutside(ahead)) {
      const arrivedUs = nowUs;
      this.#takeOutside({ sequence, payload, timestamp, marker, format, arrivedUs }, ssrc);
    } else {
      this.#suspect = undefined;
      this.#reception ??= new ReceptionStatistics(ssrc, this.#clockRate);
      this.#reception.packet(sequence, timestamp, nowUs / 1000);
      if (this.order.take(ahead, payload, timestamp, marker, format, nowUs, false)) {
        this.meter.count(payload.length);
      }
    }
    this.#options.owner.flush(this);
  }

  /** A packet that was sent again on the retransmission SSRC. RFC 4588. */
  retransmission(
    sequence: number,
    payload: Uint8Array,
    timestamp: number,
    marker: boolean,
    format: PayloadFormat,
    nowUs: number,
  ): void {
    this.retransmitted++;
    if (!this.order.begun) return;
    const ahead = this.order.distance(sequence);
    // What is newer than all that came was never asked for, and comes by itself.
    if (ahead > 0 || this.order.isOutside(ahead)) return;
    this.lastMediaUs = nowUs;
    if (this.order.take(ahead, payload, timestamp, marker, format, nowUs, true)) {
      this.meter.count(payload.length);
    }
    this.#options.owner.flush(this);
  }

  /** A sender report of its SSRC. Returns the publisher's clock in it, in microseconds. */
  senderReport(ntp: NtpTime, rtpTime: number, nowUs: number): number | undefined {
    this.#reception?.senderReport(compactNtp(ntp), nowUs / 1000);
    return this.#line?.report(ntp, rtpTime);
  }

  /** RFC 3550 appendix A.3: what a receiver report says about it. Undefined before the first packet. */
  report(nowUs: number): ReportBlock | undefined {
    const block = this.#reception?.report(nowUs / 1000);
    if (block !== undefined) this.#jitterTicks = block.jitter;
    return block;
  }

  timeout(nowUs: number): void {
    this.order.timeout(nowUs);
    this.#options.owner.flush(this);
    const isFlowing = nowUs - this.lastMediaUs < this.#options.limits.trackSilenceUs;
    this.keyRequests.timeout(nowUs, isFlowing);
  }

  deliver(
    payload: Uint8Array,
    timestamp: number,
    marker: boolean,
    format: PayloadFormat,
    arrivedUs: number,
  ): void {
    this.#options.owner.deliver(this, payload, timestamp, marker, format, arrivedUs);
  }

  lost(packets: number): void {
    this.#options.owner.lost(this, packets);
  }

  isKeyStart(format: PayloadFormat, payload: Uint8Array): boolean {
    return this.#options.owner.isKeyStart(format, payload);
  }

  ask(sequences: readonly number[]): void {
    this.#options.owner.sendNack(this, sequences);
  }

  /** May be called twice. */
  close(): void {
    this.#line?.close();
    this.#line = undefined;
    this.order.reset();
    this.keyRequests.satisfied();
  }

  #payloadOf(reader: RtpReader, format: PayloadFormat | undefined, nowUs: number): Uint8Array {
    if (format === undefined) {
      this.foreign++;
      return nothing;
    }
    const bytes = reader.payloadBytes;
    if (bytes === 0) {
      this.padding++;
      return nothing;
    }
    this.bytes += bytes;
    this.lastMediaUs = nowUs;
    return reader.payload();
  }

  /** RFC 3550 appendix A.1: two packets in a row with unexpected numbers mean that the sender began anew. */
  #takeOutside(packet: Suspect, ssrc: number): void {
    const before = this.#suspect;
    this.#suspect = packet;
    if (before === undefined || packet.sequence !== ((before.sequence + 1) & 0xffff)) return;
    this.restarts++;
    this.#forget();
    this.#reception = new ReceptionStatistics(ssrc, this.#clockRate);
    this.order.begin(before.sequence);
    for (const [ahead, each] of [before, packet].entries()) {
      const { sequence, payload, timestamp, marker, format, arrivedUs } = each;
      this.#reception.packet(sequence, timestamp, arrivedUs / 1000);
      this.order.take(ahead, payload, timestamp, marker, format, arrivedUs, false);
      this.meter.count(payload.length);
    }
  }

  #forget(): void {
    this.#expectedBefore = this.expected;
    this.order.reset();
    this.#suspect = undefined;
  }
}
