import type { PayloadFormat } from "../peer.ts";
import type { IngestLimits } from "./limits.ts";
import { MissingPackets } from "./missing-packets.ts";
import { PacketWindow } from "./packet-window.ts";
import type { RoundTrip } from "./round-trip.ts";

/** Where packets go in order, and what their order asks of the peer. */
export interface OrderOwner {
  readonly kind: "video" | "audio";
  /** The peer takes generic NACKs. */
  readonly nack: boolean;
  /** Only a key frame is of use. */
  readonly awaitsKey: boolean;
  /** Takes the next packet. It has a payload. */
  deliver(
    payload: Uint8Array,
    timestamp: number,
    marker: boolean,
    format: PayloadFormat,
    arrivedUs: number,
  ): void;
  /** So many packets are lost for good right before the next one; 0 when nobody knows how many. */
  lost(packets: number): void;
  /** Certainly the first packet of a key frame. */
  isKeyStart(format: PayloadFormat, payload: Uint8Array): boolean;
  /** Asks for packets by their 16-bit numbers; the array is not the callee's. */
  ask(sequences: readonly number[]): void;
}

export interface PacketOrderOptions {
  readonly owner: OrderOwner;
  readonly limits: IngestLimits;
  readonly roundTrip: RoundTrip;
}

const audioHeldPackets = 1024;

/**
 * Puts the packets of one SSRC in order, asks for those that are missing, and decides how long they are waited for:
 * sound shortly, video until it can go on with a key frame.
 */
export class PacketOrder {
  readonly #owner: OrderOwner;
  readonly #limits: IngestLimits;
  readonly #roundTrip: RoundTrip;
  readonly #window: PacketWindow;
  readonly #missing: MissingPackets;
  readonly #asked: number[] = [];
  /** A key frame begins there, behind a gap; -1 when none does. */
  #keyAhead = -1;
  #first = 0;
  /** Numbers below it may have been given up. */
  #lostBelow = 0;
  lost = 0;
  recovered = 0;
  duplicates = 0;
  needless = 0;
  late = 0;
  nacks = 0;
  nackedPackets = 0;

  constructor(options: PacketOrderOptions) {
    const { owner, limits } = options;
    this.#owner = owner;
    this.#limits = limits;
    this.#roundTrip = options.roundTrip;
    this.#window = new PacketWindow(
      owner.kind === "video" ? limits.maxHeldPackets : audioHeldPackets,
    );
    this.#missing = new MissingPackets(limits);
  }

  get begun(): boolean {
    return this.#window.begun;
  }

  /** How many packets were sent since the first one, as the numbers tell. */
  get expected(): number {
    return this.#window.begun ? this.#window.highest - this.#first + 1 : 0;
  }

  /** When to call `timeout`; Infinity: never. */
  get dueUs(): number {
    const askUs = this.#owner.nack ? this.#missing.dueUs : Number.POSITIVE_INFINITY;
    return Math.min(askUs, this.#gapDueUs());
  }

  /** The first packet has this number; it is taken by `take`. */
  begin(sequence: number): void {
    this.#window.begin(sequence);
    this.#first = this.#window.next;
    this.#lostBelow = this.#first;
  }

  /** The numbering begins anew with the next packet. */
  reset(): void {
    this.#window.reset();
    this.#missing.clear();
    this.#keyAhead = -1;
    this.#owner.lost(0);
  }

  /** How far a 16-bit number is ahead of the highest. */
  distance(sequence: number): number {
    return this.#window.distance(sequence);
  }

  /** Whether a packet so far ahead may belong to a numbering that begins anew. What is waited for never does. */
  isOutside(ahead: number): boolean {
    const { maxGapPackets } = this.#limits;
    if (ahead > maxGapPackets) return true;
    return ahead < -maxGapPackets && this.#window.highest + ahead < this.#window.next;
  }

  /**
   * Takes a packet that is by `ahead` newer than the newest. An empty payload, and one without format, only takes its place
   * in the numbering. `repeated`: it was sent again on another SSRC. Returns whether it is new.
   */
  take(
    ahead: number,
    payload: Uint8Array,
    timestamp: number,
    marker: boolean,
    format: PayloadFormat | undefined,
    nowUs: number,
    repeated: boolean,
  ): boolean {
    const window = this.#window;
    const extended = window.highest + ahead;
    if (extended < window.next || window.has(extended)) {
      if (extended < this.#lostBelow) this.late++;
      else if (repeated) this.needless++;
      else this.duplicates++;
      return false;
    }
    if (extended > window.highest) this.#advance(extended, nowUs);
    else this.#recover(extended, nowUs, repeated);
    const isKeyStart =
      extended !== window.next &&
      this.#owner.kind === "video" &&
      format !== undefined &&
      this.#owner.isKeyStart(format, payload);
    // Nothing before it can be decoded.
    if (isKeyStart && this.#owner.awaitsKey) this.#lose(extended, 0);
    while (extended - window.next >= window.capacity) this.#skipGap();
    if (extended === window.next) {
      window.next++;
      this.#handOver(payload, timestamp, marker, format, nowUs);
      this.#drain();
    } else {
      window.hold(extended, payload, timestamp, marker, format, nowUs, isKeyStart);
      if (isKeyStart && this.#keyAhead < 0) this.#keyAhead = extended;
    }
    if (this.#missing.size > 0) {
      if (this.#keyAhead >= 0) this.#tryKeyAhead(nowUs);
      this.#ask(nowUs);
    }
    return true;
  }

  timeout(nowUs: number): void {
    this.#ask(nowUs);
    if (nowUs < this.#gapDueUs()) return;
    if (this.#keyAhead >= 0) {
      this.#lose(this.#keyAhead, 0);
      this.#drain();
      return;
    }
    while (nowUs >= this.#gapDueUs()) this.#skipGap();
  }

  /** A number above all before it: those between are missing. */
  #advance(extended: number, nowUs: number): void {
    const window = this.#window;
    const from = window.highest + 1;
    window.highest = extended;
    if (extended === from || this.#missing.add(from, extended, nowUs)) return;
    // Too many to wait for: all of it is given up, and what waits behind it too.
    this.#lose(extended, extended - from);
  }

  #recover(extended: number, nowUs: number, repeated: boolean): void {
    const recovery = this.#missing.remove(extended);
    if (recovery === undefined || recovery.tries === 0) return;
    this.recovered++;
    if (repeated && recovery.tries === 1) this.#roundTrip.recovered(nowUs - recovery.askedUs);
  }

  #handOver(
    payload: Uint8Array,
    timestamp: number,
    marker: boolean,
    format: PayloadFormat | undefined,
    arrivedUs: number,
  ): void {
    if (payload.length === 0 || format === undefined) return;
    this.#owner.deliver(payload, timestamp, marker, format, arrivedUs);
  }

  #drain(): void {
    const window = this.#window;
    while (window.held > 0) {
      const packet = window.at(window.next);
      if (packet === undefined) break;
      const { payload, timestamp, marker, format, arrivedUs } = packet;
      window.release(packet);
      window.next++;
      this.#handOver(payload, timestamp, marker, format, arrivedUs);
    }
    if (this.#keyAhead >= 0 && this.#keyAhead < window.next) {
      this.#keyAhead = window.firstKeyStart(window.next);
    }
  }

  /** When the gap in front is given up. */
  #gapDueUs(): number {
    const { oldestUs } = this.#missing;
    if (oldestUs === Number.POSITIVE_INFINITY) return oldestUs;
    const { audioWaitUs, unaskedWaitUs, videoWaitUs, maxVideoWaitUs } = this.#limits;
    const { kind, nack } = this.#owner;
    if (kind === "audio") return oldestUs + (nack ? audioWaitUs : unaskedWaitUs);
    if (this.#keyAhead >= 0 && this.#window.isFrameComplete(this.#keyAhead)) {
      return oldestUs + this.#keyWaitUs;
    }
    if (!nack) return oldestUs + unaskedWaitUs;
    return oldestUs + Math.min(maxVideoWaitUs, videoWaitUs + 4 * this.#roundTrip.us);
  }

  /**
   * How long a gap in front of a whole key frame is waited for: no longer than one retransmission takes, for the key
   * frame makes it needless.
   */
  get #keyWaitUs(): number {
    const { reorderUs, maxKeyWaitUs } = this.#limits;
    if (!this.#owner.nack) return reorderUs;
    return reorderUs + Math.min(maxKeyWaitUs, Math.round(1.25 * this.#roundTrip.us));
  }

  #tryKeyAhead(nowUs: number): void {
    if (nowUs - this.#missing.oldestUs < this.#keyWaitUs) return;
    if (!this.#window.isFrameComplete(this.#keyAhead)) return;
    this.#lose(this.#keyAhead, 0);
    this.#drain();
  }

  #skipGap(): void {
    const first = this.#window.firstHeld();
    this.#lose(first < 0 ? this.#window.highest + 1 : first, 0);
    this.#drain();
  }

  /** Goes on at that number without what is missing before it; `unlisted` packets of that were not noted as missing. */
  #lose(extended: number, unlisted: number): void {
    const count = this.#missing.dropBefore(extended) + unlisted;
    this.#window.skipTo(extended);
    this.#lostBelow = extended;
    this.lost += count;
    this.#owner.lost(count);
  }

  #ask(nowUs: number): void {
    if (!this.#owner.nack || this.#missing.size === 0) return;
    const asked = this.#asked;
    this.#missing.collect(nowUs, this.#window.highest, this.#roundTrip.us, asked);
    if (asked.length === 0) return;
    this.nacks++;
    this.nackedPackets += asked.length;
    this.#owner.ask(asked);
    asked.length = 0;
  }
}
