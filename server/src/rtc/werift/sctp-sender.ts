import type { Clock } from "../../core/ports.ts";
import type { OutgoingMessage, SctpLimits } from "../data/sctp.ts";
import { CoreState, type SctpCore } from "./sctp-core.ts";
import { DataFlag, type SackFields } from "./sctp-read.ts";
import { SctpDataChunk, type SentMessage, writeForwardTsn } from "./sctp-write.ts";
import { add16, add32, after32, distance32 } from "./serial.ts";

/** Bounds of the retransmission timeout, seconds; RFC 9260 section 16 has 1 and 60, browsers less. */
const RTO_INITIAL_S = 1;
const RTO_MIN_S = 0.4;
const RTO_MAX_S = 10;
/** Streams that one FORWARD-TSN lists, so that it fits into a packet. */
const MAX_FORWARDED_STREAMS = 200;

/** What the sending half tells. */
export interface SenderEvents {
  /** Fewer bytes wait than before. */
  drained(): void;
  /** Nothing was acknowledged for too long, or werift failed. */
  failed(code: string): void;
}

/**
 * The sending half: werift's congestion control and transmission, with its faults replaced on the instance.
 *
 * - It takes a limit of no retransmission for none at all, gives up the first message of its queue instead of the one
 *   meant, forgets the bytes in flight of those given up, and never repeats a lost FORWARD-TSN.
 * - Its timeout neither grows nor ends, and repeats what was acknowledged beyond a gap. What it repeats early it
 *   repeats again for every three SACKs that were under way.
 * - Bytes in flight are subtracted twice, and a closed window of the peer is never probed.
 * - Each message waits on a promise for the whole queue: here at most one message is handed over at a time.
 */
export class SctpSender {
  readonly #core: SctpCore;
  readonly #clock: Clock;
  readonly #limits: SctpLimits;
  readonly #events: SenderEvents;
  #waiting: OutgoingMessage[] = [];
  #waitingBytes = 0;
  /** Bytes that have been given numbers since the beginning. */
  #numbered = 0;
  /** Next number of each stream for ordered messages. */
  readonly #nextSsn = new Map<number, number>();
  /** The last number given up on each stream, until the peer knows. */
  readonly #forwarded = new Map<number, number>();
  #forwardedTsn: number | undefined;
  #forwardedUs = 0;
  #canAbandon = false;
  #timeouts = 0;
  #progressTsn: number;

  constructor(core: SctpCore, clock: Clock, limits: SctpLimits, events: SenderEvents) {
    this.#core = core;
    this.#clock = clock;
    this.#limits = limits;
    this.#events = events;
    core.lastSackedTsn = core.advancedPeerAckTsn = add32(core.localTsn, -1);
    this.#progressTsn = core.lastSackedTsn;
    core.rto = RTO_INITIAL_S;
    core.timer3Expired = () => this.#onTimeout();
    core.updateRto = (seconds) => this.#updateRto(seconds);
    core.maybeAbandon = (chunk) => this.#maybeAbandon(chunk);
    core.updateAdvancedPeerAckPoint = () => this.#updateAckPoint();
    core.flightSizeIncrease = (chunk) => {
      if (chunk.inFlight) return;
      chunk.inFlight = true;
      core.flightSize += chunk.bookSize;
    };
    core.flightSizeDecrease = (chunk) => {
      if (!chunk.inFlight) return;
      chunk.inFlight = false;
      core.flightSize -= chunk.bookSize;
    };
    core.onSackReceived = async () => this.#onSack();
    core.flush.subscribe(() => this.#onFlush());
  }

  /** Bytes of messages that are not acknowledged yet. */
  get bufferedBytes(): number {
    const { outboundQueue, sentQueue } = this.#core;
    const oldest = sentQueue[0] ?? outboundQueue[0];
    return this.#waitingBytes + (oldest === undefined ? 0 : this.#numbered - oldest.before);
  }

  /** Whether the peer understands that messages are given up (FORWARD-TSN). RFC 3758 section 3.1. */
  set canAbandon(canAbandon: boolean) {
    this.#canAbandon = canAbandon;
  }

  /** Whether anything sent on that stream is not acknowledged yet. */
  uses(streamId: number): boolean {
    const { outboundQueue, sentQueue } = this.#core;
    return (
      this.#waiting.some((message) => message.streamId === streamId) ||
      outboundQueue.some((chunk) => chunk.streamId === streamId) ||
      sentQueue.some((chunk) => chunk.streamId === streamId)
    );
  }

  send(message: OutgoingMessage): void {
    this.#waiting.push(message);
    this.#waitingBytes += message.bytes.length;
    this.pump();
  }

  /** Numbers of the stream begin anew: the peer has agreed. */
  restart(streamId: number): void {
    this.#nextSsn.delete(streamId);
  }

  /** Hands over what waits, one message at a time, and has it sent. */
  pump(): void {
    if (this.#core.associationState !== CoreState.established) return;
    this.#handOver();
    this.#core.transmit().catch(() => this.#events.failed("SCTP_FAILED"));
  }

  /** Whether a SACK is about what we sent; one that is not must not reach werift. */
  accepts({ cumulativeTsn, gaps }: SackFields): boolean {
    const { lastSackedTsn, advancedPeerAckTsn, sentQueue } = this.#core;
    let highest = sentQueue.at(-1)?.tsn ?? lastSackedTsn;
    if (after32(advancedPeerAckTsn, highest)) highest = advancedPeerAckTsn;
    if (after32(cumulativeTsn, highest)) return false;
    const furthest = gaps.at(-1)?.[1] ?? 0;
    return furthest <= distance32(highest, cumulativeTsn);
  }

  clear(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#core.flush.allUnsubscribe();
    this.#core.onSackReceived = async () => {};
  }

  #handOver(): void {
    const core = this.#core;
    while (core.outboundQueue.length === 0) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      this.#waitingBytes -= message.bytes.length;
      const late = message.expiresUs !== undefined && message.expiresUs < this.#clock.nowUs();
      if (!late) this.#enqueue(message);
    }
  }

  /** RFC 9260 section 6.9. */
  #enqueue({ streamId, ppid, bytes, ordered, maxRetransmits, expiresUs }: OutgoingMessage): void {
    const core = this.#core;
    const message: SentMessage = { maxRetransmits, expiresUs, fragments: [] };
    const ssn = ordered ? (this.#nextSsn.get(streamId) ?? 0) : 0;
    if (ordered) this.#nextSsn.set(streamId, add16(ssn, 1));
    for (let from = 0; from < bytes.length; from += core.maxPayloadSize) {
      const to = Math.min(bytes.length, from + core.maxPayloadSize);
      const flags =
        (ordered ? 0 : DataFlag.unordered) |
        (from === 0 ? DataFlag.begin : 0) |
        (to === bytes.length ? DataFlag.end : 0);
      const payload = bytes.subarray(from, to);
      const before = this.#numbered;
      const fields = { flags, tsn: core.localTsn, streamId, ssn, ppid, payload, before };
      this.#numbered += payload.length;
      core.localTsn = add32(core.localTsn, 1);
      const chunk = new SctpDataChunk(fields, message);
      message.fragments.push(chunk);
      core.outboundQueue.push(chunk);
    }
  }

  #onFlush(): void {
    if (this.#core.outboundQueue.length === 0 && this.#waiting.length > 0) this.pump();
    this.#events.drained();
  }

  /** Called between the reading of a SACK and what is sent because of it. */
  #onSack(): void {
    const core = this.#core;
    if (after32(core.lastSackedTsn, this.#progressTsn)) {
      this.#progressTsn = core.lastSackedTsn;
      this.#timeouts = 0;
      if (core.srtt !== undefined) core.rto = timeoutOf(core.srtt, core.rttvar ?? 0);
    }
    // One chunk may always be under way, so that a window that opens again is noticed. RFC 9260 section 6.1.
    if (core.flightSize === 0) {
      core.peerAdvertisedRwnd = Math.max(core.peerAdvertisedRwnd, core.maxPayloadSize);
    }
  }

  /** RFC 9260 section 6.3.3. */
  #onTimeout(): void {
    const core = this.#core;
    core.timer3Handle = undefined;
    if (core.associationState !== CoreState.established) return;
    if (++this.#timeouts > this.#limits.maxTimeouts) {
      this.#events.failed("SCTP_TIMEOUT");
      return;
    }
    core.rto = Math.min(core.rto * 2, RTO_MAX_S);
    core.ssthresh = Math.max(Math.floor(core.cwnd / 2), 4 * core.maxPayloadSize);
    core.cwnd = core.maxPayloadSize;
    core.partialBytesAcked = 0;
    core.fastRecoveryExit = undefined;
    core.flightSize = 0;
    for (const chunk of core.sentQueue) chunk.inFlight = false;
    for (const chunk of [...core.sentQueue]) {
      if (!chunk.acked && !this.#maybeAbandon(chunk)) chunk.retransmit = true;
    }
    core.peerAdvertisedRwnd = Math.max(core.peerAdvertisedRwnd, core.maxPayloadSize);
    this.#updateAckPoint();
    this.pump();
  }

  /** RFC 9260 section 6.3.1. The wall clock, by which werift measures, may jump. */
  #updateRto(measuredSeconds: number): void {
    const core = this.#core;
    const seconds = Math.min(Math.max(measuredSeconds, 0), RTO_MAX_S);
    if (core.srtt === undefined || core.rttvar === undefined) {
      core.srtt = seconds;
      core.rttvar = seconds / 2;
    } else {
      core.rttvar = 0.75 * core.rttvar + 0.25 * Math.abs(core.srtt - seconds);
      core.srtt = 0.875 * core.srtt + 0.125 * seconds;
    }
    core.rto = timeoutOf(core.srtt, core.rttvar);
  }

  /** RFC 3758 section 3.5, rules A1 to A3: with one fragment all of its message are given up. */
  #maybeAbandon(chunk: SctpDataChunk): boolean {
    if (chunk.abandoned) return true;
    const { maxRetransmits, expiresUs, fragments } = chunk.message;
    const late = expiresUs !== undefined && expiresUs < this.#clock.nowUs();
    const tired = maxRetransmits !== undefined && chunk.sentCount > maxRetransmits;
    if (!this.#canAbandon || !(late || tired)) return false;
    const core = this.#core;
    for (const fragment of fragments) {
      fragment.abandoned = true;
      fragment.retransmit = false;
      core.flightSizeDecrease(fragment);
    }
    // Those not sent yet have their numbers already, so the peer must be told about them too.
    while (core.outboundQueue[0]?.message === chunk.message) {
      const unsent = core.outboundQueue.shift();
      if (unsent !== undefined) core.sentQueue.push(unsent);
    }
    return true;
  }

  /** SACKs that were under way before the peer heard of it bring the same again only after a while. */
  #forwardDue(tsn: number): boolean {
    const core = this.#core;
    const nowUs = this.#clock.nowUs();
    const waitUs = (core.rto * 1_000_000) / 2;
    if (tsn === this.#forwardedTsn && nowUs - this.#forwardedUs < waitUs) {
      if (core.timer3Handle === undefined) core.timer3Start();
      return false;
    }
    this.#forwardedTsn = tsn;
    this.#forwardedUs = nowUs;
    return true;
  }

  /** RFC 3758 section 3.5, rules C1 to C3: told again until the peer has acknowledged it. */
  #updateAckPoint(): void {
    const core = this.#core;
    if (after32(core.lastSackedTsn, core.advancedPeerAckTsn)) {
      core.advancedPeerAckTsn = core.lastSackedTsn;
    }
    for (let head = core.sentQueue[0]; head?.abandoned === true; head = core.sentQueue[0]) {
      core.sentQueue.shift();
      core.flightSizeDecrease(head);
      core.advancedPeerAckTsn = head.tsn;
      if (head.ordered) this.#forwarded.set(head.streamId, head.streamSeqNum);
    }
    if (!after32(core.advancedPeerAckTsn, core.lastSackedTsn)) {
      this.#forwarded.clear();
      core.forwardTsnChunk = undefined;
      return;
    }
    if (!this.#forwardDue(core.advancedPeerAckTsn)) return;
    const streams = [...this.#forwarded].slice(0, MAX_FORWARDED_STREAMS);
    core.forwardTsnChunk = writeForwardTsn(core.advancedPeerAckTsn, streams);
  }
}

function timeoutOf(srtt: number, rttvar: number): number {
  return Math.min(Math.max(srtt + 4 * rttvar, RTO_MIN_S), RTO_MAX_S);
}
