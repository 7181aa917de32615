import { NalType, nalType } from "../h264/index.ts";
import {
  fuIndicatorBytes,
  H264PayloadType,
  maxSingleNalType,
  stapHeaderBytes,
  stapLengthBytes,
} from "./h264-payload.ts";
import type { RtpPacket } from "./packet.ts";
import { sequenceDistance } from "./sequence.ts";

/** The NAL units that arrived with one RTP timestamp. */
export interface H264AccessUnit {
  /** RTP timestamp, unsigned 32 bits. */
  readonly timestamp: number;
  /** Whole NAL units, in order; views of the packets or of buffers of their own. Empty when none is whole. */
  readonly nals: readonly Uint8Array[];
  /** Something of this access unit is or may be missing: it must not be decoded. */
  readonly damaged: boolean;
  /** Packets missing between the last packet of the access unit before and the last packet of this one. */
  readonly missingPackets: number;
}

/** Bounds on one access unit. What is above them makes it damaged; the rest of it is thrown away. */
export interface H264DepacketizerLimits {
  /** Default 8 MiB. */
  readonly maxAccessUnitBytes: number;
  /** Default 1,024. */
  readonly maxNals: number;
  /** Default 16,384. */
  readonly maxPackets: number;
}

export const defaultH264DepacketizerLimits: H264DepacketizerLimits = {
  maxAccessUnitBytes: 8 * 1024 * 1024,
  maxNals: 1024,
  maxPackets: 16_384,
};

const startBit = 0x80;
const endBit = 0x40;
const typeMask = 0x1f;
const nalHeaderMask = 0xe0;
const firstMbZero = 0x80;

/**
 * RFC 6184, packetization modes 0 and 1: puts access units together again. Takes the packets of one
 * SSRC in order, as ReorderBuffer gives them, and keeps their payloads. Loss and malformed payloads
 * never throw: they make access units damaged. After every call in, take out what is ready with
 * `shift` until it gives undefined; it is at most two.
 */
export class H264Depacketizer {
  readonly #limits: H264DepacketizerLimits;
  readonly #ready: H264AccessUnit[] = [];
  #lastSequence: number | undefined;
  #isOpen = false;
  #timestamp = 0;
  #nals: Uint8Array[] = [];
  #fragments: Uint8Array[] = [];
  #sizeBytes = 0;
  #packets = 0;
  #damaged = false;
  #missing = 0;
  #malformed = 0;

  constructor(limits: H264DepacketizerLimits = defaultH264DepacketizerLimits) {
    this.#limits = limits;
  }

  /** Packets whose payload made no sense, since the start. */
  get malformedPackets(): number {
    return this.#malformed;
  }

  /** Takes the next packet. Packets that are not newer than the one before are ignored. */
  push(packet: RtpPacket): void {
    const last = this.#lastSequence;
    const distance = last === undefined ? 1 : sequenceDistance(packet.sequence, last);
    if (distance <= 0) return;
    this.#lastSequence = packet.sequence;
    const lost = distance - 1;
    if (lost > 0) this.#dropFragments();
    // A packet of padding alone belongs to no access unit.
    if (packet.payload.byteLength === 0) {
      this.#missing += lost;
      return;
    }
    // The end of an open access unit may be among the lost packets, or just its marker bit.
    if (this.#isOpen && packet.timestamp !== this.#timestamp) this.#finish();
    this.#missing += lost;
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#timestamp = packet.timestamp;
      const isUnsure = this.#missing > 0 || last === undefined;
      this.#damaged = isUnsure && !beginsAccessUnit(packet.payload);
    }
    this.#packets += 1;
    this.#takePayload(packet.payload);
    if (packet.marker) this.#finish();
  }

  /** The sender has ended or restarted: what is there of an access unit comes out, as damaged. */
  flush(): void {
    this.#dropFragments();
    if (this.#isOpen) this.#finish();
    this.#missing = 0;
    this.#lastSequence = undefined;
  }

  /** The next access unit; undefined when there is none yet. */
  shift(): H264AccessUnit | undefined {
    return this.#ready.shift();
  }

  #finish(): void {
    if (this.#fragments.length > 0) this.#dropFragments();
    this.#ready.push({
      timestamp: this.#timestamp,
      nals: this.#nals,
      damaged: this.#damaged,
      missingPackets: this.#missing,
    });
    this.#isOpen = false;
    this.#nals = [];
    this.#sizeBytes = 0;
    this.#packets = 0;
    this.#damaged = false;
    this.#missing = 0;
  }

  #takePayload(payload: Uint8Array): void {
    const type = nalType(payload);
    if (type === H264PayloadType.fuA) {
      this.#takeFragment(payload);
      return;
    }
    if (this.#fragments.length > 0) this.#dropFragments();
    if (type === H264PayloadType.stapA) this.#takeAggregate(payload);
    else if (type >= 1 && type <= maxSingleNalType) this.#takeNal(payload);
    else this.#refuse();
  }

  /** RFC 6184 section 5.7.1. */
  #takeAggregate(payload: Uint8Array): void {
    if (payload.byteLength === stapHeaderBytes) this.#refuse();
    let offset = stapHeaderBytes;
    while (offset < payload.byteLength) {
      const size = (payload[offset] as number) * 256 + (payload[offset + 1] ?? 0);
      offset += stapLengthBytes;
      const nal = payload.subarray(offset, offset + size);
      const type = nalType(nal);
      if (nal.byteLength < size || type < 1 || type > maxSingleNalType) {
        this.#refuse();
        return;
      }
      this.#takeNal(nal);
      offset += size;
    }
  }

  /** RFC 6184 section 5.8. */
  #takeFragment(payload: Uint8Array): void {
    const header = payload[1];
    if (header === undefined || payload.byteLength === fuIndicatorBytes) {
      this.#refuse();
      return;
    }
    const isStart = (header & startBit) !== 0;
    if (isStart && this.#fragments.length > 0) this.#dropFragments();
    const before = this.#fragments[0];
    if (!isStart && ((before?.[1] ?? 0) & typeMask) !== (header & typeMask)) {
      this.#dropFragments();
      return;
    }
    if (!this.#hasRoom(payload.byteLength - (isStart ? 1 : fuIndicatorBytes))) return;
    this.#fragments.push(payload);
    if ((header & endBit) !== 0) this.#joinFragments();
  }

  #joinFragments(): void {
    let size = 1;
    for (const fragment of this.#fragments) size += fragment.byteLength - fuIndicatorBytes;
    const nal = new Uint8Array(size);
    const first = this.#fragments[0] as Uint8Array;
    nal[0] = ((first[0] as number) & nalHeaderMask) | ((first[1] as number) & typeMask);
    let offset = 1;
    for (const fragment of this.#fragments) {
      nal.set(fragment.subarray(fuIndicatorBytes), offset);
      offset += fragment.byteLength - fuIndicatorBytes;
    }
    this.#fragments = [];
    const type = nalType(nal);
    if (type < 1 || type > maxSingleNalType) this.#refuse();
    else this.#nals.push(nal);
  }

  #takeNal(nal: Uint8Array): void {
    if (this.#hasRoom(nal.byteLength)) this.#nals.push(nal);
  }

  #hasRoom(bytes: number): boolean {
    const { maxAccessUnitBytes, maxNals, maxPackets } = this.#limits;
    this.#sizeBytes += bytes;
    const hasRoom =
      this.#sizeBytes <= maxAccessUnitBytes &&
      this.#nals.length < maxNals &&
      this.#packets <= maxPackets;
    if (!hasRoom) this.#dropFragments();
    return hasRoom;
  }

  #dropFragments(): void {
    this.#fragments = [];
    this.#damaged = true;
  }

  #refuse(): void {
    this.#malformed += 1;
    this.#dropFragments();
  }
}

/**
 * ITU-T H.264 section 7.4.1.2.3: whether no slice of an access unit can stand before this payload,
 * though the packets before it are lost.
 */
function beginsAccessUnit(payload: Uint8Array): boolean {
  let type = nalType(payload);
  let data: number | undefined = payload[1];
  if (type === H264PayloadType.stapA) {
    type = (payload[stapHeaderBytes + stapLengthBytes] ?? 0) & typeMask;
    data = payload[stapHeaderBytes + stapLengthBytes + 1];
  } else if (type === H264PayloadType.fuA) {
    const header = payload[1] ?? 0;
    if ((header & startBit) === 0) return false;
    type = header & typeMask;
    data = payload[fuIndicatorBytes];
  }
  if (type >= NalType.sei && type <= NalType.accessUnitDelimiter) return true;
  const isSlice = type === NalType.slice || type === NalType.idr || type === NalType.partitionA;
  // first_mb_in_slice is 0 exactly when its code is the single bit 1.
  return isSlice && ((data ?? 0) & firstMbZero) !== 0;
}
