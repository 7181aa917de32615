import {
  isAv1FrameStart,
  maxAv1SequenceHeaderBytes,
  ObuType,
  obuType,
  parseAv1SequenceHeader,
  parseObu,
  readLeb128,
} from "../av1/index.ts";
import { ProtocolError } from "../error/index.ts";
import { keyStartOf, noStart, type PayloadStart, plainStart } from "./payload-start.ts";

/** AV1 RTP v1.0 section 4.4, aggregation header. */
const continuesBit = 0x80;
const continuedBit = 0x40;
const newSequenceBit = 0x08;

/** OBUs that one payload may have; Chromium puts 3 into the first of a key frame. */
export const maxAv1Elements = 64;

/** AV1 RTP v1.0 section 4.4: the OBUs and fragments of OBUs in one payload. */
export interface Av1Payload {
  /** Z: the first element goes on with the last one of the payload before. */
  readonly continues: boolean;
  /** Y: the last element goes on in the next payload. */
  readonly continued: boolean;
  /** N: a coded video sequence begins. */
  readonly newSequence: boolean;
  /** Views; at least one. */
  readonly elements: readonly Uint8Array[];
}

/**
 * AV1 RTP v1.0 sections 4.3 and 4.4. Undefined when element sizes do not fit the payload, when there are
 * more than `maxAv1Elements`, and when both N and Z are set.
 */
export function parseAv1Payload(payload: Uint8Array): Av1Payload | undefined {
  const first = payload[0] ?? 0;
  const continues = (first & continuesBit) !== 0;
  const newSequence = (first & newSequenceBit) !== 0;
  if (continues && newSequence) return undefined;
  const elements: Uint8Array[] = [];
  const count = elementCount(first);
  let at = 1;
  while (count === 0 ? at < payload.byteLength : elements.length < count) {
    if (elements.length >= maxAv1Elements) return undefined;
    const [start, end] = elementAt(payload, at, elements.length + 1 === count);
    if (end > payload.byteLength) return undefined;
    elements.push(payload.subarray(start, end));
    at = end;
  }
  if (elements.length === 0) return undefined;
  return { continues, continued: (first & continuedBit) !== 0, newSequence, elements };
}

/** W: the number of elements, of which the last has no size; 0: as many as there are, all with sizes. */
function elementCount(aggregationHeader: number): number {
  return (aggregationHeader >>> 4) & 3;
}

/** Where the element's bytes begin and end; an endless element is one whose size is broken. */
function elementAt(payload: Uint8Array, at: number, isLast: boolean): [number, number] {
  if (isLast) return [at, at < payload.byteLength ? payload.byteLength : Number.POSITIVE_INFINITY];
  const size = readLeb128(payload, at);
  if (size === undefined) return [at, Number.POSITIVE_INFINITY];
  return [size.end, size.end + size.value];
}

/**
 * AV1 RTP v1.0 section 4.4. `key` is the N bit; size from a sequence header that is whole. Never throws.
 * Who refers to a frame cannot be seen without decoding what came before, so `reference` is true.
 */
export function inspectAv1Payload(payload: Uint8Array): PayloadStart {
  const first = payload[0] ?? 0;
  if ((first & continuesBit) !== 0) return noStart;
  if ((first & newSequenceBit) !== 0) return inspectSequence(payload);
  const [start, end] = elementAt(payload, 1, elementCount(first) === 1);
  if (end > payload.byteLength || start === end) return noStart;
  return canComeFirst(obuType(payload.subarray(start, end))) ? plainStart(true, true) : noStart;
}

/** AV1 Bitstream & Decoding Process Specification section 7.5: tile groups come after their frame header. */
function canComeFirst(type: number): boolean {
  return (
    isAv1FrameStart(type) ||
    type === ObuType.sequenceHeader ||
    type === ObuType.temporalDelimiter ||
    type === ObuType.metadata
  );
}

function inspectSequence(payload: Uint8Array): PayloadStart {
  const parsed = parseAv1Payload(payload);
  if (parsed === undefined) return noStart;
  if (!canComeFirst(obuType(parsed.elements[0] as Uint8Array))) return noStart;
  for (const element of parsed.elements) {
    if (obuType(element) !== ObuType.sequenceHeader) continue;
    if (element.byteLength > maxAv1SequenceHeaderBytes) break;
    try {
      const { width, height } = parseAv1SequenceHeader(parseObu(element).payload);
      return keyStartOf(width, height);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      break;
    }
  }
  return keyStartOf(0, 0);
}
