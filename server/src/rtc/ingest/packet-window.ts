import { sequenceDistance } from "@millrace/media/rtp";
import type { PayloadFormat } from "../peer.ts";

/** A packet that waits for an older one. Its members change when its place is used again. */
export interface HeldPacket {
  /** Sequence number without wraps. */
  extended: number;
  /** Empty: it only pads, or has a payload type that is not negotiated. */
  payload: Uint8Array;
  timestamp: number;
  marker: boolean;
  format: PayloadFormat | undefined;
  arrivedUs: number;
  /** Certainly the first packet of a key frame. */
  keyStart: boolean;
}

const nothing = new Uint8Array(0);
/** Numbers begin here, so that those before the first stay positive. */
const origin = 0x10000;

/**
 * Puts the packets of one SSRC in order. It knows nothing of time: its owner says when to wait no longer. Packets
 * that come in order never go in here; they only move `next`.
 */
export class PacketWindow {
  readonly #mask: number;
  readonly #slots: (HeldPacket | undefined)[] = [];
  #held = 0;
  /** The number that goes out next; -1 before the first packet. */
  next = -1;
  /** The highest number seen; -1 before the first packet. */
  highest = -1;

  /** @param capacity a power of two */
  constructor(capacity: number) {
    this.#mask = capacity - 1;
  }

  get capacity(): number {
    return this.#mask + 1;
  }

  /** Packets that wait. */
  get held(): number {
    return this.#held;
  }

  get begun(): boolean {
    return this.next >= 0;
  }

  /** The first packet has this number. */
  begin(sequence: number): void {
    this.next = origin + sequence;
    this.highest = this.next;
  }

  /** Everything begins anew with the next packet. */
  reset(): void {
    for (const slot of this.#slots) {
      if (slot !== undefined && slot.extended >= 0) this.release(slot);
    }
    this.next = -1;
    this.highest = -1;
  }

  /** How far ahead of the highest number; negative when it is older. */
  distance(sequence: number): number {
    return sequenceDistance(sequence, this.highest & 0xffff);
  }

  has(extended: number): boolean {
    return this.#slots[extended & this.#mask]?.extended === extended;
  }

  at(extended: number): HeldPacket | undefined {
    const slot = this.#slots[extended & this.#mask];
    return slot?.extended === extended ? slot : undefined;
  }

  /** Keeps a packet whose number is above `next` by less than the capacity. */
  hold(
    extended: number,
    payload: Uint8Array,
    timestamp: number,
    marker: boolean,
    format: PayloadFormat | undefined,
    arrivedUs: number,
    keyStart: boolean,
  ): void {
    const index = extended & this.#mask;
    const slot = this.#slots[index];
    if (slot === undefined) {
      this.#slots[index] = { extended, payload, timestamp, marker, format, arrivedUs, keyStart };
    } else {
      slot.extended = extended;
      slot.payload = payload;
      slot.timestamp = timestamp;
      slot.marker = marker;
      slot.format = format;
      slot.arrivedUs = arrivedUs;
      slot.keyStart = keyStart;
    }
    this.#held++;
  }

  /** Frees the place of a packet that was taken out. Its payload must be taken before. */
  release(packet: HeldPacket): void {
    packet.extended = -1;
    packet.payload = nothing;
    packet.format = undefined;
    this.#held--;
  }

  /** The first number from `next` on that is held; -1 when there is none. */
  firstHeld(): number {
    if (this.#held === 0) return -1;
    for (let extended = this.next; extended <= this.highest; extended++) {
      if (this.has(extended)) return extended;
    }
    return -1;
  }

  /** The first packet from `from` on that certainly begins a key frame; -1 when there is none. */
  firstKeyStart(from: number): number {
    if (this.#held === 0) return -1;
    for (let extended = from; extended <= this.highest; extended++) {
      if (this.at(extended)?.keyStart === true) return extended;
    }
    return -1;
  }

  /** Whether the frame that begins with that held packet is here up to its marker. */
  isFrameComplete(first: number): boolean {
    const start = this.at(first);
    if (start === undefined) return false;
    for (let extended = first; extended <= this.highest; extended++) {
      const packet = this.at(extended);
      if (packet === undefined) return false;
      if (packet.payload.length === 0) continue;
      if (packet.timestamp !== start.timestamp || packet.marker) return true;
    }
    return false;
  }

  /** Goes on at that number; what is held before it is dropped. */
  skipTo(extended: number): void {
    const end = Math.min(extended, this.next + this.capacity);
    for (let at = this.next; at < end && this.#held > 0; at++) {
      const packet = this.at(at);
      if (packet !== undefined) this.release(packet);
    }
    this.next = extended;
    if (extended > this.highest) this.highest = extended - 1;
  }
}
