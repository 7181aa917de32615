import {
  inspectPayload,
  type PayloadStart,
  plainVp8Payload,
  type RtpVideoCodec,
} from "@millrace/media/rtp";
import type { IngestEncoding } from "./encoding.ts";
import { isDelimiter, isKeyStart, isUndecided } from "./frame-start.ts";
import { GrowingFrame } from "./growing-frame.ts";
import type { IngestLimits } from "./limits.ts";

/** Gives frames their times. */
export interface FrameTimes {
  /** On the publisher's time line. */
  captureUs(timestamp: number, arrivedUs: number): number;
  /** The stream time of a capture time, for a frame that is handed out now. */
  streamUs(captureUs: number): number;
  /** The stream time of a time on the machine's monotonic clock. */
  arrivalUs(nowUs: number): number;
}

export interface FrameBuilderOptions {
  readonly encoding: IngestEncoding;
  readonly times: FrameTimes;
  readonly limits: IngestLimits;
}

export interface VideoBuilderOptions extends FrameBuilderOptions {
  readonly codec: RtpVideoCodec;
  /** Nothing can be handed out without a key frame. Called for each packet that is left out. */
  awaitingKey(): void;
  /** A key frame begins. */
  keyArrived(): void;
}

/** Groups one encoding's packets, which come in order, into frames by timestamp and marker. RFC 3550 section 5.1. */
export class VideoBuilder {
  readonly #options: VideoBuilderOptions;
  #awaitsKey = true;
  /** Of the packet before; undefined after a gap. */
  #lastTimestamp: number | undefined;
  #afterMarker = false;
  /** Payloads at the beginning of a frame that do not tell yet what it is. */
  #undecided: Uint8Array[] = [];
  #lastPtsUs = Number.NEGATIVE_INFINITY;
  /** Frames that were larger than they may be. */
  oversized = 0;
  keyFrames = 0;

  constructor(options: VideoBuilderOptions) {
    this.#options = options;
  }

  get awaitsKey(): boolean {
    return this.#awaitsKey;
  }

  /** Takes the next packet. */
  packet(payload: Uint8Array, timestamp: number, marker: boolean, arrivedUs: number): void {
    const { codec, encoding } = this.#options;
    const plain = codec === "vp8" ? plainVp8Payload(payload) : payload;
    const open = encoding.open;
    if (open !== undefined && open.timestamp === timestamp) this.#continue(open, plain, marker);
    else {
      if (open !== undefined) encoding.finish();
      this.#atStart(plain, timestamp, marker, arrivedUs);
    }
    this.#lastTimestamp = timestamp;
    this.#afterMarker = marker;
  }

  /** Packets are lost for good right before the next one. */
  lost(): void {
    this.#options.encoding.breakOff();
    this.#awaitsKey = true;
    this.#lastTimestamp = undefined;
    this.#afterMarker = false;
    this.#undecided.length = 0;
  }

  #continue(open: GrowingFrame, payload: Uint8Array, marker: boolean): void {
    const { encoding, limits } = this.#options;
    const { maxFrameBytes, maxFramePackets } = limits;
    if (open.bytes + payload.length > maxFrameBytes || open.payloads.length >= maxFramePackets) {
      this.oversized++;
      this.lost();
      this.#options.awaitingKey();
      return;
    }
    encoding.grow(payload);
    if (marker) encoding.finish();
  }

  /** No frame is open: this packet begins one, goes on with one whose beginning is undecided, or is left out. */
  #atStart(payload: Uint8Array, timestamp: number, marker: boolean, arrivedUs: number): void {
    const { codec, awaitingKey, limits } = this.#options;
    if (this.#undecided.length > 0 && this.#lastTimestamp !== timestamp) this.#undecided.length = 0;
    const start = inspectPayload(codec, payload);
    if (this.#awaitsKey && !this.#isFrameStart(start, payload, timestamp)) {
      awaitingKey();
      return;
    }
    if (!start.key && !marker && isUndecided(codec, payload)) {
      if (this.#undecided.length < limits.maxFramePackets) this.#undecided.push(payload);
      return;
    }
    if (this.#awaitsKey && !start.key) {
      this.#undecided.length = 0;
      awaitingKey();
      return;
    }
    this.#begin(start, payload, timestamp, marker, arrivedUs);
  }

  #isFrameStart(start: PayloadStart, payload: Uint8Array, timestamp: number): boolean {
    if (this.#undecided.length > 0 || this.#afterMarker) return true;
    const last = this.#lastTimestamp;
    if (last !== undefined && last !== timestamp) return true;
    const { codec } = this.#options;
    return isKeyStart(codec, start) || isDelimiter(codec, payload);
  }

  #begin(
    start: PayloadStart,
    payload: Uint8Array,
    timestamp: number,
    marker: boolean,
    arrivedUs: number,
  ): void {
    const { encoding, times, keyArrived } = this.#options;
    const captureUs = times.captureUs(timestamp, arrivedUs);
    const ptsUs = Math.max(times.streamUs(captureUs), this.#lastPtsUs + 1);
    this.#lastPtsUs = ptsUs;
    const payloads = this.#undecided.length === 0 ? [payload] : [...this.#undecided, payload];
    this.#undecided.length = 0;
    const frame = new GrowingFrame({
      key: start.key,
      reference: start.reference,
      ptsUs,
      arrivedUs: times.arrivalUs(arrivedUs),
      lostBefore: 0,
      payloads,
      timestamp,
      captureUs,
    });
    frame.complete = marker;
    if (start.key) {
      this.#awaitsKey = false;
      this.keyFrames++;
      keyArrived();
    }
    encoding.begin(frame, start.width, start.height);
  }
}

/** Makes a frame of each packet of sound. RFC 7587 section 4.2. */
export class AudioBuilder {
  readonly #options: FrameBuilderOptions;
  #lost = 0;
  #lastPtsUs = Number.NEGATIVE_INFINITY;

  constructor(options: FrameBuilderOptions) {
    this.#options = options;
  }

  packet(payload: Uint8Array, timestamp: number, arrivedUs: number): void {
    const { encoding, times } = this.#options;
    const captureUs = times.captureUs(timestamp, arrivedUs);
    const ptsUs = Math.max(times.streamUs(captureUs), this.#lastPtsUs + 1);
    this.#lastPtsUs = ptsUs;
    const frame = new GrowingFrame({
      key: true,
      reference: true,
      ptsUs,
      arrivedUs: times.arrivalUs(arrivedUs),
      lostBefore: this.#lost,
      payloads: [payload],
      timestamp,
      captureUs,
    });
    frame.complete = true;
    this.#lost = 0;
    encoding.begin(frame, 0, 0);
  }

  /** So many packets are lost for good right before the next one. */
  lost(packets: number): void {
    this.#lost += packets;
  }
}
