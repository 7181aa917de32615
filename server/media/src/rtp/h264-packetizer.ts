import { nalType } from "../h264/index.ts";
import {
  fuIndicatorBytes,
  H264PayloadType,
  maxSingleNalType,
  stapHeaderBytes,
  stapLengthBytes,
} from "./h264-payload.ts";

/** The smallest payload that packets can be cut to. */
export const minH264PayloadBytes = 16;

const forbiddenBit = 0x80;
const refIdcMask = 0x60;
const startBit = 0x80;
const endBit = 0x40;

/**
 * RFC 6184 section 6.3, non-interleaved mode (packetization-mode=1): the payloads of one access unit.
 * The marker bit belongs on the last. NAL units in a row that fit one payload together go into a STAP-A,
 * one alone is its own payload, and one that is too large is cut into FU-As of about equal size.
 *
 * NAL units that are empty or of a type that means something else in RTP (0 and 24 to 31) are left
 * out. A payload is the NAL unit itself or in a new buffer: each byte is copied at most once.
 * @throws RangeError when `maxPayloadBytes` is below 16
 */
export function packetizeH264(
  nals: readonly Uint8Array[],
  maxPayloadBytes: number,
): readonly Uint8Array[] {
  if (!(maxPayloadBytes >= minH264PayloadBytes))
    throw new RangeError(`payload of ${maxPayloadBytes} bytes`);
  const sendable = nals.every(isSendable) ? nals : nals.filter(isSendable);
  const payloads: Uint8Array[] = [];
  let index = 0;
  while (index < sendable.length) {
    const nal = sendable[index] as Uint8Array;
    if (nal.byteLength > maxPayloadBytes) {
      putFragments(payloads, nal, maxPayloadBytes);
      index += 1;
      continue;
    }
    const end = aggregateEnd(sendable, index, maxPayloadBytes);
    if (end - index === 1) payloads.push(nal);
    else payloads.push(makeAggregate(sendable, index, end));
    index = end;
  }
  return payloads;
}

function isSendable(nal: Uint8Array): boolean {
  const type = nalType(nal);
  return type >= 1 && type <= maxSingleNalType;
}

/** Where the NAL units end that fit one STAP-A from `start`; at least `start + 1`. */
function aggregateEnd(nals: readonly Uint8Array[], start: number, maxPayloadBytes: number): number {
  let size = stapHeaderBytes;
  let end = start;
  while (end < nals.length) {
    size += stapLengthBytes + (nals[end] as Uint8Array).byteLength;
    if (size > maxPayloadBytes) break;
    end += 1;
  }
  return Math.max(end, start + 1);
}

/** RFC 6184 section 5.7.1, STAP-A. */
function makeAggregate(nals: readonly Uint8Array[], start: number, end: number): Uint8Array {
  let size = stapHeaderBytes;
  let forbidden = 0;
  let refIdc = 0;
  for (let i = start; i < end; i += 1) {
    const nal = nals[i] as Uint8Array;
    size += stapLengthBytes + nal.byteLength;
    forbidden |= (nal[0] as number) & forbiddenBit;
    refIdc = Math.max(refIdc, (nal[0] as number) & refIdcMask);
  }
  const out = new Uint8Array(size);
  out[0] = forbidden | refIdc | H264PayloadType.stapA;
  let offset = stapHeaderBytes;
  for (let i = start; i < end; i += 1) {
    const nal = nals[i] as Uint8Array;
    out[offset] = nal.byteLength >>> 8;
    out[offset + 1] = nal.byteLength;
    out.set(nal, offset + stapLengthBytes);
    offset += stapLengthBytes + nal.byteLength;
  }
  return out;
}

/** RFC 6184 section 5.8, FU-A: the NAL header travels in the two bytes in front of each fragment. */
function putFragments(payloads: Uint8Array[], nal: Uint8Array, maxPayloadBytes: number): void {
  const header = nal[0] as number;
  const indicator = (header & (forbiddenBit | refIdcMask)) | H264PayloadType.fuA;
  const dataBytes = nal.byteLength - 1;
  const count = Math.ceil(dataBytes / (maxPayloadBytes - fuIndicatorBytes));
  const buffer = new Uint8Array(dataBytes + count * fuIndicatorBytes);
  let from = 1;
  let offset = 0;
  for (let i = 1; i <= count; i += 1) {
    const to = 1 + Math.ceil((dataBytes * i) / count);
    const end = offset + fuIndicatorBytes + to - from;
    buffer[offset] = indicator;
    buffer[offset + 1] = (i === 1 ? startBit : 0) | (i === count ? endBit : 0) | (header & 0x1f);
    buffer.set(nal.subarray(from, to), offset + fuIndicatorBytes);
    payloads.push(buffer.subarray(offset, end));
    from = to;
    offset = end;
  }
}
