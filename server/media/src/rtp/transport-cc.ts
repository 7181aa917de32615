import { ProtocolError } from "../error/index.ts";

/** What became of one packet with a transport-wide sequence number. */
export interface TransportCcPacket {
  /** Transport-wide sequence number, 16 bits. */
  readonly sequence: number;
  /**
   * On the receiver's clock, in steps of 250 microseconds; undefined: not received. As parsed, its
   * reference time of 24 signed bits makes it wrap every 12.4 days and lets it be negative.
   */
  readonly arrivalUs: number | undefined;
}

/** draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1. */
export interface TransportCcFeedback {
  /** 8 bits: one more in each feedback packet, so that lost ones are noticed. */
  readonly feedbackCount: number;
  /** Consecutive sequence numbers; at least one, at most `maxTransportCcPackets`. */
  readonly packets: readonly TransportCcPacket[];
}

/**
 * Packets that one feedback packet may report on: 8 s at 1,000 packets per second. The format ends at
 * 65,535, which 26 bytes can claim.
 */
export const maxTransportCcPackets = 8192;

/** Section 3.1: base sequence number, status count, reference time, feedback count. */
export const transportCcFixedBytes = 8;
/** Section 3.1.5: steps of the arrival times. */
export const arrivalTickUs = 250;
/** Section 3.1: unit of the reference time. */
export const referenceUnitUs = 64_000;

/** Section 3.1.1, packet status symbols; a small delta has one byte, a large one two. */
export const PacketStatus = { notReceived: 0, smallDelta: 1, largeDelta: 2 } as const;

/** Section 3.1.3 and 3.1.4. */
export const vectorChunkBit = 0x8000;
export const twoBitVectorBit = 0x4000;
export const oneBitSymbols = 14;
export const twoBitSymbols = 7;
export const runLengthBits = 13;
export const maxRunLength: number = 2 ** runLengthBits - 1;

const chunkBytes = 2;

/**
 * draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1. Takes what comes after the two SSRCs
 * (`TransportCc.data`). Symbols of the last chunk beyond the status count, and bytes after the deltas,
 * are ignored.
 * @throws ProtocolError RTCP_TRANSPORT_CC when it is cut off, reports on no packet or on more than
 *   `maxTransportCcPackets`, or has the reserved symbol
 */
export function parseTransportCc(data: Uint8Array): TransportCcFeedback {
  if (data.byteLength < transportCcFixedBytes) throw broken(`${data.byteLength} bytes`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const base = view.getUint16(0);
  const count = view.getUint16(2);
  if (count === 0 || count > maxTransportCcPackets) throw broken(`${count} packets`);
  // An unsigned shift would lose the sign of the 24 bits.
  const referenceUs = (view.getInt32(4) >> 8) * referenceUnitUs;
  const symbols = new Uint8Array(count);
  let offset = transportCcFixedBytes;
  let filled = 0;
  while (filled < count) {
    if (offset + chunkBytes > data.byteLength) throw broken("chunks are cut off");
    filled = putSymbols(symbols, filled, view.getUint16(offset));
    offset += chunkBytes;
  }
  let arrivalUs = referenceUs;
  const packets: TransportCcPacket[] = [];
  for (let i = 0; i < count; i += 1) {
    const symbol = symbols[i] as number;
    const sequence = (base + i) & 0xffff;
    if (symbol === PacketStatus.notReceived) {
      packets.push({ sequence, arrivalUs: undefined });
      continue;
    }
    if (symbol > PacketStatus.largeDelta) throw broken("reserved packet status");
    if (offset + symbol > data.byteLength) throw broken("deltas are cut off");
    const isSmall = symbol === PacketStatus.smallDelta;
    arrivalUs += (isSmall ? view.getUint8(offset) : view.getInt16(offset)) * arrivalTickUs;
    // A symbol's number is also its delta's number of bytes.
    offset += symbol;
    packets.push({ sequence, arrivalUs });
  }
  return { feedbackCount: view.getUint8(7), packets };
}

/** Sections 3.1.2 to 3.1.4: writes a chunk's symbols from `start` and returns where they end. */
function putSymbols(symbols: Uint8Array, start: number, chunk: number): number {
  if ((chunk & vectorChunkBit) === 0) {
    const end = Math.min(start + (chunk & maxRunLength), symbols.length);
    symbols.fill(chunk >>> runLengthBits, start, end);
    return end;
  }
  const bits = (chunk & twoBitVectorBit) === 0 ? 1 : 2;
  const end = Math.min(start + oneBitSymbols / bits, symbols.length);
  const mask = 2 ** bits - 1;
  for (let i = start, shift = oneBitSymbols - bits; i < end; i += 1, shift -= bits) {
    symbols[i] = (chunk >>> shift) & mask;
  }
  return end;
}

function broken(message: string): ProtocolError {
  return new ProtocolError("RTCP_TRANSPORT_CC", `transport-wide feedback: ${message}`);
}
