import { FeedbackFormat, RtcpType, rtcpHeaderBytes } from "./rtcp.ts";
import { feedbackHeaderBytes, makeFeedback } from "./rtcp-packet.ts";
import {
  arrivalTickUs,
  maxRunLength,
  maxTransportCcPackets,
  oneBitSymbols,
  PacketStatus,
  referenceUnitUs,
  runLengthBits,
  type TransportCcPacket,
  transportCcFixedBytes,
  twoBitSymbols,
  twoBitVectorBit,
  vectorChunkBit,
} from "./transport-cc.ts";

/** What one feedback packet says. */
export interface TransportCcFields {
  readonly senderSsrc: number;
  /** Any SSRC of the reported sender. */
  readonly mediaSsrc: number;
  /** Cut to 8 bits; one more in each packet to the same sender. */
  readonly feedbackCount: number;
  /**
   * Consecutive sequence numbers, wrapping after 65,535, of which at least one was received. Arrival times
   * are rounded down to 250 microseconds of any clock that begins at 0 or later.
   */
  readonly packets: readonly TransportCcPacket[];
}

const ticksPerReference = referenceUnitUs / arrivalTickUs;
const maxSmallDelta = 0xff;
const maxLargeDelta = 0x7fff;

/**
 * draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1, a whole RTCP packet of at most
 * 23 + 2.3 bytes per packet reported on; about 20 + 1.2 when they come steadily.
 * @throws RangeError for what cannot be said: no packet or more than `maxTransportCcPackets`, none of
 *   them received, gaps in the sequence, negative times, and more than 8.19 s from one received packet to
 *   the next (report on them in two packets)
 */
export function writeTransportCc(fields: TransportCcFields): Uint8Array {
  const { packets } = fields;
  if (packets.length === 0 || packets.length > maxTransportCcPackets) {
    throw new RangeError(`feedback on ${packets.length} packets`);
  }
  const symbols = new Uint8Array(packets.length);
  const deltas = new Int16Array(packets.length);
  const reference = measure(packets, symbols, deltas);
  const chunks = chooseChunks(symbols);
  let size = transportCcFixedBytes + chunks.length * 2;
  for (const symbol of symbols) size += symbol;
  const [, view] = makeFeedback(
    RtcpType.transportFeedback,
    FeedbackFormat.transportCc,
    fields.senderSsrc,
    fields.mediaSsrc,
    size,
  );
  const start = rtcpHeaderBytes + feedbackHeaderBytes;
  view.setUint16(start, (packets[0] as TransportCcPacket).sequence);
  view.setUint16(start + 2, packets.length);
  view.setUint32(start + 4, (reference % 2 ** 24) * 256 + (fields.feedbackCount & 0xff));
  let at = start + transportCcFixedBytes;
  for (const chunk of chunks) {
    view.setUint16(at, chunk);
    at += 2;
  }
  for (let i = 0; i < symbols.length; i += 1) {
    const symbol = symbols[i] as number;
    if (symbol === PacketStatus.smallDelta) view.setUint8(at, deltas[i] as number);
    else if (symbol === PacketStatus.largeDelta) view.setInt16(at, deltas[i] as number);
    at += symbol;
  }
  return new Uint8Array(view.buffer);
}

/** Fills in the symbol and the delta of each packet; returns the reference time in units of 64 ms. */
function measure(
  packets: readonly TransportCcPacket[],
  symbols: Uint8Array,
  deltas: Int16Array,
): number {
  const first = (packets[0] as TransportCcPacket).sequence;
  let reference: number | undefined;
  let lastTick = 0;
  for (let i = 0; i < packets.length; i += 1) {
    const { sequence, arrivalUs } = packets[i] as TransportCcPacket;
    if (sequence !== ((first + i) & 0xffff)) {
      throw new RangeError(`sequence number ${sequence} at ${i} after ${first}`);
    }
    if (arrivalUs === undefined) continue;
    if (!(arrivalUs >= 0 && arrivalUs <= Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`arrival at ${arrivalUs} us`);
    }
    const tick = Math.floor(arrivalUs / arrivalTickUs);
    if (reference === undefined) {
      reference = Math.floor(tick / ticksPerReference);
      lastTick = reference * ticksPerReference;
    }
    const delta = tick - lastTick;
    if (delta > maxLargeDelta || delta < -maxLargeDelta - 1) {
      throw new RangeError(`${delta * arrivalTickUs} us between two arrivals`);
    }
    const isSmall = delta >= 0 && delta <= maxSmallDelta;
    symbols[i] = isSmall ? PacketStatus.smallDelta : PacketStatus.largeDelta;
    deltas[i] = delta;
    lastTick = tick;
  }
  if (reference === undefined) throw new RangeError("feedback without a received packet");
  return reference;
}

/** Sections 3.1.3 and 3.1.4: takes at each place the chunk that covers the most packets. */
function chooseChunks(symbols: Uint8Array): number[] {
  const chunks: number[] = [];
  let at = 0;
  while (at < symbols.length) {
    const run = runLength(symbols, at);
    const oneBit = oneBitLength(symbols, at);
    const twoBit = Math.min(twoBitSymbols, symbols.length - at);
    if (run >= oneBit && run >= twoBit) {
      chunks.push(((symbols[at] as number) << runLengthBits) | run);
      at += run;
    } else if (oneBit >= twoBit) {
      chunks.push(vectorChunkBit | vectorBits(symbols, at, oneBit, 1));
      at += oneBit;
    } else {
      chunks.push(vectorChunkBit | twoBitVectorBit | vectorBits(symbols, at, twoBit, 2));
      at += twoBit;
    }
  }
  return chunks;
}

function runLength(symbols: Uint8Array, start: number): number {
  const limit = Math.min(symbols.length, start + maxRunLength);
  let end = start + 1;
  while (end < limit && symbols[end] === symbols[start]) end += 1;
  return end - start;
}

/** How many symbols a one-bit vector covers from there on; 0 when it cannot, for it always has 14. */
function oneBitLength(symbols: Uint8Array, start: number): number {
  const end = Math.min(symbols.length, start + oneBitSymbols);
  for (let i = start; i < end; i += 1) if (symbols[i] === PacketStatus.largeDelta) return 0;
  return end - start;
}

function vectorBits(symbols: Uint8Array, start: number, count: number, bits: number): number {
  let chunk = 0;
  for (let i = 0, shift = oneBitSymbols - bits; i < count; i += 1, shift -= bits) {
    chunk |= (symbols[start + i] as number) << shift;
  }
  return chunk;
}
