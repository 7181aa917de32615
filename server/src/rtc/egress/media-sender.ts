import { randomInt } from "node:crypto";
import type { RtcCodec, SendMedia } from "../peer.ts";
import type { EgressLink } from "./core.ts";
import type { FrameHistory } from "./frame-history.ts";
import type { HeaderTemplate } from "./header-template.ts";
import { type CodecHeaders, LineHeaders } from "./line-headers.ts";
import type { RtpFrame } from "./rtp-frame.ts";
import { SentIndex } from "./sent-index.ts";
import type { TransportSequence } from "./transport-sequence.ts";

/** Where the counters of an m-line begin. Random in life, chosen in tests. */
export interface SenderStart {
  /** Below 2^15, so that no packet is lost across the first wrap before a receiver knows the sequence. RFC 3711 section 3.3.1. */
  readonly sequence: number;
  readonly rtxSequence: number;
  readonly rtpTime: number;
}

export function randomStart(): SenderStart {
  return {
    sequence: randomInt(0x8000),
    rtxSequence: randomInt(0x8000),
    rtpTime: randomInt(0x1_0000_0000),
  };
}

/** Frames per viewer that can be asked for again: more than the shared history holds at 60 frames per second. */
const maxIndexedFrames = 1024;
const timedFlag = 1;
const markedFlag = 2;
/** The other bits of a frame's flags say out of which history it was. */
const historyShift = 2;
const maxHistories = 64;
/** A receiver that misses more takes it for a restart. */
const maxSkipped = 100;

/** UDP and IPv4 headers. */
const ipOverheadBytes = 28;

/** Sends one m-line to one viewer: sequence numbers, timestamps, header, and packets again that were lost. */
export class MediaSender {
  readonly media: SendMedia;
  readonly #link: EgressLink;
  readonly #sent = new SentIndex(maxIndexedFrames);
  readonly #originalSequence = new Uint8Array(2);
  readonly #base: number;
  #lineHeaders: LineHeaders;
  #transport: TransportSequence | undefined;
  /** Histories that frames were sent out of; a simulcast viewer changes between some. */
  readonly #histories: FrameHistory[] = [];
  #lastHistory: FrameHistory | undefined;
  #lastHistoryIndex = 0;
  /** Extended sequence number of the next packet. */
  #sequence: number;
  #rtxSequence: number;
  #frame: RtpFrame | undefined;
  #headers: CodecHeaders | undefined;
  #frameTicks = 0;
  #frameFlags = 0;
  #lastTicks = Number.NEGATIVE_INFINITY;
  /** Packets and payload bytes sent, as sender reports count them: without retransmissions. */
  packets = 0;
  octets = 0;
  /** Frames that were begun, each once. */
  frames = 0;
  /** Datagram bytes sent, retransmissions included. */
  wireBytes = 0;
  retransmitted = 0;
  /** Packets asked for again that are not kept any more. */
  unanswered = 0;

  constructor(media: SendMedia, link: EgressLink, start: SenderStart = randomStart()) {
    this.media = media;
    this.#link = link;
    this.#sequence = start.sequence;
    this.#rtxSequence = start.rtxSequence;
    this.#base = start.rtpTime;
    this.#lineHeaders = new LineHeaders(media, false);
  }

  /** The peer takes that codec. */
  takes(codec: RtcCodec): boolean {
    return this.#lineHeaders.of(codec) !== undefined;
  }

  /**
   * Numbers all packets from now on for the bandwidth estimate. Returns false where that cannot be done: not
   * negotiated, or packets are repeated as they were, which must not differ in anything.
   */
  count(transport: TransportSequence): boolean {
    if (this.media.extensions.transportCc === undefined || this.media.rtx === undefined)
      return false;
    this.#transport = transport;
    this.#lineHeaders = new LineHeaders(this.media, true);
    return true;
  }

  /** Packets from now on leave at this moment. Microseconds. */
  at(nowUs: number): void {
    if (this.#transport !== undefined) this.#transport.nowUs = nowUs;
  }

  /** Packets from now on belong to the probe with this id; 0: to none. */
  set probe(id: number) {
    if (this.#transport !== undefined) this.#transport.probe = id;
  }

  /** Whether more packets of the probe are of use. */
  isProbeWanted(id: number): boolean {
    return this.#transport?.isWanted(id) ?? false;
  }

  /** The RTP timestamp that stands for this time of the RTP clock. */
  rtpTime(ticks: number): number {
    return (this.#base + ticks) >>> 0;
  }

  /**
   * Begins a frame of `history` at `ticks` on the RTP clock, or one tick after the frame before when that is later.
   * `mark` allows the marker bit; `timed` lets its first packet carry the capture time. Returns false when the peer
   * does not take its codec.
   */
  begin(
    frame: RtpFrame,
    history: FrameHistory,
    ticks: number,
    mark: boolean,
    timed: boolean,
  ): boolean {
    const headers = this.#lineHeaders.of(frame.codec);
    this.#headers = headers;
    this.#frame = headers === undefined ? undefined : frame;
    if (headers === undefined) return false;
    this.#note(frame, history, ticks, mark, timed);
    return true;
  }

  /** Begins a complete frame as `begin` does and sends all of it. Returns its bytes on the wire; 0 when the peer does not take its codec. */
  whole(
    frame: RtpFrame,
    history: FrameHistory,
    ticks: number,
    mark: boolean,
    timed: boolean,
  ): number {
    const headers = this.#lineHeaders.of(frame.codec);
    if (headers === undefined) return 0;
    this.#note(frame, history, ticks, mark, timed);
    return this.#sendRun(headers, frame, 0, frame.packets);
  }

  /** Sends packets `from` up to, not including, `end` of the frame that was begun; in order. Returns their bytes on the wire. */
  run(from: number, end: number): number {
    const frame = this.#frame;
    const headers = this.#headers;
    if (frame === undefined || headers === undefined) return 0;
    return this.#sendRun(headers, frame, from, Math.min(end, frame.packets));
  }

  #note(
    frame: RtpFrame,
    history: FrameHistory,
    ticks: number,
    mark: boolean,
    timed: boolean,
  ): void {
    this.#frameTicks = Math.max(ticks, this.#lastTicks + 1);
    this.#lastTicks = this.#frameTicks;
    this.frames++;
    this.#frameFlags =
      (timed ? timedFlag : 0) |
      (mark ? markedFlag : 0) |
      (this.#historyIndex(history) << historyShift);
    this.#sequence += Math.min(frame.lostBefore, maxSkipped);
    this.#sent.note(this.#sequence, frame.number, this.#frameTicks, this.#frameFlags);
  }

  /** Sends packet `index` of the frame that was begun; in order. Returns its bytes on the wire. */
  packet(index: number): number {
    const frame = this.#frame;
    const headers = this.#headers;
    if (frame === undefined || headers === undefined || index >= frame.packets) return 0;
    const payload = frame.payloads[index] as Uint8Array;
    const sequence = this.#sequence++;
    const bytes = this.#send(
      headers,
      frame,
      index,
      this.#frameFlags,
      this.#frameTicks,
      payload,
      sequence,
    );
    this.packets++;
    this.octets += payload.length;
    this.wireBytes += bytes;
    return bytes + ipOverheadBytes;
  }

  /** Sends the packet again that was sent `back` packets before the last one. Returns its bytes on the wire, 0 when it is not kept. */
  repeat(back: number): number {
    return this.resend(this.#sequence - 1 - back);
  }

  /** The extended sequence number that a 16-bit one from the peer means; -1 when it was not sent. */
  extend(sequence: number): number {
    const latest = this.#sequence - 1;
    const extended = latest - ((latest - sequence) & 0xffff);
    return this.#sent.find(extended) < 0 ? -1 : extended;
  }

  /** Sends a packet again. Returns its bytes on the wire, 0 when it is not kept any more. */
  resend(extendedSequence: number): number {
    const slot = this.#sent.find(extendedSequence);
    const flags = slot < 0 ? 0 : this.#sent.flags(slot);
    const frame = slot < 0 ? undefined : this.#frameOf(slot, flags);
    const headers = frame === undefined ? undefined : this.#lineHeaders.of(frame.codec);
    const index = slot < 0 ? 0 : extendedSequence - this.#sent.firstSequence(slot);
    const payload = frame?.payloads[index];
    if (
      frame === undefined ||
      headers === undefined ||
      payload === undefined ||
      extendedSequence >= this.#sequence ||
      // Repeated as it was, it would need the transport-wide number that it had.
      (headers.rtxPlain === undefined && this.#transport !== undefined)
    ) {
      this.unanswered++;
      return 0;
    }
    const ticks = this.#sent.ticks(slot);
    const bytes =
      headers.rtxPlain === undefined
        ? this.#send(headers, frame, index, flags, ticks, payload, extendedSequence)
        : this.#retransmit(headers, frame, index, flags, ticks, payload, extendedSequence);
    this.retransmitted++;
    this.wireBytes += bytes;
    return bytes + ipOverheadBytes;
  }

  #sendRun(headers: CodecHeaders, frame: RtpFrame, from: number, end: number): number {
    if (from >= end) return 0;
    const { payloads } = frame;
    const flags = this.#frameFlags;
    const ticks = this.#frameTicks;
    const sequence = this.#sequence;
    const link = this.#link;
    // Packets of a run differ in nothing but their numbers: not those that carry times of their own.
    const isRun = link.run !== undefined && this.#transport === undefined;
    const first = from === 0 && (flags & timedFlag) !== 0 ? 1 : from;
    const apart = isRun ? first : end;
    let bytes = 0;
    let octets = 0;
    for (let at = from; at < end; at++) {
      const payload = payloads[at] as Uint8Array;
      octets += payload.length;
      if (at >= apart) continue;
      bytes += this.#send(headers, frame, at, flags, ticks, payload, sequence + at - from);
    }
    if (isRun && apart < end) {
      const header = headers.plain;
      header.write(false, 0, this.rtpTime(ticks), frame.captured, 0);
      const marker = (flags & markedFlag) === 0 ? -1 : frame.marker;
      const { ssrc } = this.media;
      const index = sequence + apart - from;
      bytes += link.run?.(header, payloads, apart, end, marker, ssrc, index) ?? 0;
    }
    const packets = end - from;
    this.#sequence = sequence + packets;
    this.packets += packets;
    this.octets += octets;
    this.wireBytes += bytes;
    return bytes + packets * ipOverheadBytes;
  }

  /** The same packet has the same bytes each time, as the SRTP index demands. */
  #send(
    headers: CodecHeaders,
    frame: RtpFrame,
    index: number,
    flags: number,
    ticks: number,
    payload: Uint8Array,
    sequence: number,
  ): number {
    const template = (flags & timedFlag) !== 0 && index === 0 ? headers.timed : headers.plain;
    const header = template.write(
      isMarked(frame, index, flags),
      sequence & 0xffff,
      this.rtpTime(ticks),
      frame.captured,
      this.#transport?.next ?? 0,
    );
    const bytes = this.#link.rtp(header, undefined, payload, this.media.ssrc, sequence);
    this.#transport?.sent(bytes);
    return bytes;
  }

  /** RFC 4588 section 4: another SSRC, and the original sequence number before the payload. */
  #retransmit(
    headers: CodecHeaders,
    frame: RtpFrame,
    index: number,
    flags: number,
    ticks: number,
    payload: Uint8Array,
    sequence: number,
  ): number {
    const rtxSequence = this.#rtxSequence++;
    const timed = (flags & timedFlag) !== 0 && index === 0;
    const template = (timed ? headers.rtxTimed : headers.rtxPlain) as HeaderTemplate;
    const header = template.write(
      isMarked(frame, index, flags),
      rtxSequence & 0xffff,
      this.rtpTime(ticks),
      frame.captured,
      this.#transport?.next ?? 0,
    );
    this.#originalSequence[0] = sequence >>> 8;
    this.#originalSequence[1] = sequence;
    const ssrc = this.media.rtx?.ssrc ?? 0;
    const bytes = this.#link.rtp(header, this.#originalSequence, payload, ssrc, rtxSequence);
    this.#transport?.sent(bytes);
    return bytes;
  }

  #frameOf(slot: number, flags: number): RtpFrame | undefined {
    return this.#histories[flags >> historyShift]?.get(this.#sent.frameNumber(slot));
  }

  #historyIndex(history: FrameHistory): number {
    if (history !== this.#lastHistory) {
      this.#lastHistoryIndex = this.#findHistory(history);
      this.#lastHistory = history;
    }
    return this.#lastHistoryIndex;
  }

  #findHistory(history: FrameHistory): number {
    const index = this.#histories.indexOf(history);
    if (index >= 0) return index;
    if (this.#histories.length === maxHistories) throw new Error("too many histories");
    return this.#histories.push(history) - 1;
  }
}

function isMarked(frame: RtpFrame, index: number, flags: number): boolean {
  return (flags & markedFlag) !== 0 && index === frame.marker;
}
