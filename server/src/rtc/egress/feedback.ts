import { type Fir, parseRtcp, type ReportBlock, type RtcpPacket } from "@millrace/media/rtp";
import { ProtocolError } from "../../core/index.ts";

/** What a viewer's RTCP asks of one of our lines. */
export interface FeedbackLine {
  readonly ssrc: number;
  /** Generic NACK of 16-bit sequence numbers. */
  missing(sequences: readonly number[], nowUs: number): void;
  /** PLI, or FIR that is no repetition. */
  keyRequested(nowUs: number): void;
  reported(block: ReportBlock, nowUs: number): void;
}

/** What a viewer's RTCP tells about its network as a whole. */
export interface NetworkFeedback {
  /** Contents of a transport-wide feedback packet. */
  transport(data: Uint8Array, nowUs: number): void;
  /** Receiver's estimate of what its link carries. */
  remb(bitrateBps: number, nowUs: number): void;
}

/** Routes a viewer's RTCP to the line whose media SSRC it names, whoever it says that it is from. */
export class Feedback {
  readonly #lines: readonly FeedbackLine[];
  readonly #network: NetworkFeedback;
  readonly #onBye: () => void;
  #lastFir = -1;
  nacks = 0;
  keyRequests = 0;
  malformed = 0;
  /** Receiver's estimate of what its link carries; undefined unless it sends any. */
  rembBps: number | undefined;

  constructor(lines: readonly FeedbackLine[], network: NetworkFeedback, onBye: () => void) {
    this.#lines = lines;
    this.#network = network;
    this.#onBye = onBye;
  }

  /** Takes an opened compound packet. */
  receive(compound: Uint8Array, nowUs: number): void {
    let packets: readonly RtcpPacket[];
    try {
      packets = parseRtcp(compound);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.malformed++;
      return;
    }
    for (const packet of packets) this.#take(packet, nowUs);
  }

  #take(packet: RtcpPacket, nowUs: number): void {
    switch (packet.type) {
      case "receiver-report":
      case "sender-report":
        for (const block of packet.reports) this.#line(block.ssrc)?.reported(block, nowUs);
        return;
      case "nack":
        this.nacks++;
        this.#line(packet.mediaSsrc)?.missing(packet.sequences, nowUs);
        return;
      case "pli":
        this.#requestKey(packet.mediaSsrc, nowUs);
        return;
      case "fir":
        this.#takeFir(packet, nowUs);
        return;
      case "remb":
        this.rembBps = packet.bitrateBps;
        this.#network.remb(packet.bitrateBps, nowUs);
        return;
      case "bye":
        this.#onBye();
        return;
      case "transport-cc":
        this.#network.transport(packet.data, nowUs);
        return;
      default:
        return;
    }
  }

  /** RFC 5104 section 4.3.1.1: the same command sequence number is a repetition. */
  #takeFir(fir: Fir, nowUs: number): void {
    for (const { ssrc, sequence } of fir.requests) {
      if (this.#line(ssrc) === undefined || sequence === this.#lastFir) continue;
      this.#lastFir = sequence;
      this.#requestKey(ssrc, nowUs);
    }
  }

  #requestKey(ssrc: number, nowUs: number): void {
    this.keyRequests++;
    this.#line(ssrc)?.keyRequested(nowUs);
  }

  #line(ssrc: number): FeedbackLine | undefined {
    return this.#lines.find((line) => line.ssrc === ssrc);
  }
}
