import { randomInt } from "node:crypto";
import type { SendMedia } from "../peer.ts";
import type { EgressLink } from "./core.ts";
import type { FrameHistory } from "./frame-history.ts";
import { HeaderTemplate } from "./header-template.ts";
import type { RtpFrame } from "./rtp-frame.ts";
import { SentIndex } from "./sent-index.ts";

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
/** UDP and IPv4 headers. */
const ipOverheadBytes = 28;

/** Sends one m-line to one viewer: sequence numbers, timestamps, header, and packets again that were lost. */
export class MediaSender {
  readonly media: SendMedia;
  readonly #link: EgressLink;
  readonly #history: FrameHistory;
  readonly #sent = new SentIndex(maxIndexedFrames);
  readonly #plain: HeaderTemplate;
  readonly #timed: HeaderTemplate;
  readonly #rtxPlain: HeaderTemplate | undefined;
  readonly #rtxTimed: HeaderTemplate | undefined;
  readonly #originalSequence = new Uint8Array(2);
  readonly #base: number;
  /** Extended sequence number of the next packet. */
  #sequence: number;
  #rtxSequence: number;
  #frame: RtpFrame | undefined;
  #frameTicks = 0;
  #frameFlags = 0;
  #lastTicks = Number.NEGATIVE_INFINITY;
  /** Packets and payload bytes sent, as sender reports count them: without retransmissions. */
  packets = 0;
  octets = 0;
  /** Datagram bytes sent, retransmissions included. */
  wireBytes = 0;
  retransmitted = 0;
  /** Packets asked for again that are not kept any more. */
  unanswered = 0;

  constructor(
    media: SendMedia,
    link: EgressLink,
    history: FrameHistory,
    start: SenderStart = randomStart(),
  ) {
    this.media = media;
    this.#link = link;
    this.#history = history;
    this.#sequence = start.sequence;
    this.#rtxSequence = start.rtxSequence;
    this.#base = start.rtpTime;
    this.#plain = new HeaderTemplate(media, media, false);
    this.#timed = new HeaderTemplate(media, media, true);
    if (media.rtx !== undefined) {
      this.#rtxPlain = new HeaderTemplate(media, media.rtx, false);
      this.#rtxTimed = new HeaderTemplate(media, media.rtx, true);
    }
  }

  /** The RTP timestamp that stands for this time of the RTP clock. */
  rtpTime(ticks: number): number {
    return (this.#base + ticks) >>> 0;
  }

  /**
   * Begins a frame at `ticks` on the RTP clock, or one tick after the frame before when that is later.
   * `mark` sets the marker bit on its last packet; `timed` lets its first packet carry the capture time.
   */
  begin(frame: RtpFrame, ticks: number, mark: boolean, timed: boolean): void {
    this.#frame = frame;
    this.#frameTicks = Math.max(ticks, this.#lastTicks + 1);
    this.#lastTicks = this.#frameTicks;
    this.#frameFlags = (timed ? timedFlag : 0) | (mark ? markedFlag : 0);
    this.#sent.note(this.#sequence, frame.number, this.#frameTicks, this.#frameFlags);
  }

  /** Sends packet `index` of the frame that was begun; in order. Returns its bytes on the wire. */
  packet(index: number): number {
    const frame = this.#frame;
    const payload = frame?.payloads[index];
    if (frame === undefined || payload === undefined) return 0;
    const header = this.#header(frame, index, this.#frameFlags, this.#frameTicks, this.#sequence);
    const bytes = this.#link.rtp(header, undefined, payload, this.media.ssrc, this.#sequence);
    this.#sequence++;
    this.packets++;
    this.octets += payload.length;
    this.wireBytes += bytes;
    return bytes + ipOverheadBytes;
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
    const frame = slot < 0 ? undefined : this.#history.get(this.#sent.frameNumber(slot));
    const index = slot < 0 ? 0 : extendedSequence - this.#sent.firstSequence(slot);
    const payload = frame?.payloads[index];
    if (frame === undefined || payload === undefined || extendedSequence >= this.#sequence) {
      this.unanswered++;
      return 0;
    }
    const flags = this.#sent.flags(slot);
    const ticks = this.#sent.ticks(slot);
    const bytes =
      this.media.rtx === undefined
        ? this.#repeat(frame, index, flags, ticks, payload, extendedSequence)
        : this.#retransmit(frame, index, flags, ticks, payload, extendedSequence);
    this.retransmitted++;
    this.wireBytes += bytes;
    return bytes + ipOverheadBytes;
  }

  /** The very same packet, byte for byte, as the SRTP index demands. */
  #repeat(
    frame: RtpFrame,
    index: number,
    flags: number,
    ticks: number,
    payload: Uint8Array,
    sequence: number,
  ): number {
    const header = this.#header(frame, index, flags, ticks, sequence);
    return this.#link.rtp(header, undefined, payload, this.media.ssrc, sequence);
  }

  /** RFC 4588 section 4: another SSRC, and the original sequence number before the payload. */
  #retransmit(
    frame: RtpFrame,
    index: number,
    flags: number,
    ticks: number,
    payload: Uint8Array,
    sequence: number,
  ): number {
    const rtxSequence = this.#rtxSequence++;
    const timed = (flags & timedFlag) !== 0 && index === 0;
    const template = (timed ? this.#rtxTimed : this.#rtxPlain) as HeaderTemplate;
    const header = template.write(
      isMarked(frame, index, flags),
      rtxSequence & 0xffff,
      this.rtpTime(ticks),
      frame.captured,
    );
    this.#originalSequence[0] = sequence >>> 8;
    this.#originalSequence[1] = sequence;
    const ssrc = this.media.rtx?.ssrc ?? 0;
    return this.#link.rtp(header, this.#originalSequence, payload, ssrc, rtxSequence);
  }

  #header(
    frame: RtpFrame,
    index: number,
    flags: number,
    ticks: number,
    sequence: number,
  ): Uint8Array {
    const timed = (flags & timedFlag) !== 0 && index === 0;
    const template = timed ? this.#timed : this.#plain;
    return template.write(
      isMarked(frame, index, flags),
      sequence & 0xffff,
      this.rtpTime(ticks),
      frame.captured,
    );
  }
}

function isMarked(frame: RtpFrame, index: number, flags: number): boolean {
  return (flags & markedFlag) !== 0 && index === frame.payloads.length - 1;
}
