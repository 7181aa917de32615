import { ProtocolError } from "../error/index.ts";
import { isPlainVp9Inter, parseVp9FrameHeader } from "../vp9/index.ts";
import { keyStartOf, noStart, type PayloadStart, plainStart } from "./payload-start.ts";

/** RFC 9628 section 4.2: what a payload descriptor says. */
export interface Vp9Descriptor {
  /** Bytes before the frame's. */
  readonly bytes: number;
  /** B and E bits: first and last payload of a layer's frame. */
  readonly begins: boolean;
  readonly ends: boolean;
  /** P bit: predicted from earlier frames. */
  readonly predicted: boolean;
  /** SID; 0 without layer indices. */
  readonly spatialLayer: number;
  /** Of the highest layer in the scalability structure; 0 without one. */
  readonly width: number;
  readonly height: number;
}

/** First byte. */
const pictureIdBit = 0x80;
const predictedBit = 0x40;
const layerBit = 0x20;
const flexibleBit = 0x10;
const beginsBit = 0x08;
const endsBit = 0x04;
const structureBit = 0x02;

const longPictureIdBit = 0x80;
/** RFC 9628 section 4.2: at most three reference indices; the lowest bit says that another one follows. */
const maxReferenceIndices = 3;
const anotherIndexBit = 0x01;

/** RFC 9628 section 4.2.1, scalability structure. */
const structureSizesBit = 0x10;
const structureGroupBit = 0x08;
const layerSizeBytes = 4;

/** RFC 9628 section 4.2. Undefined when the payload ends within its descriptor or has nothing after it. */
export function parseVp9Descriptor(payload: Uint8Array): Vp9Descriptor | undefined {
  const first = payload[0] ?? 0;
  const predicted = (first & predictedBit) !== 0;
  const flexible = (first & flexibleBit) !== 0;
  let at = 1;
  if ((first & pictureIdBit) !== 0) at += ((payload[at] ?? 0) & longPictureIdBit) === 0 ? 1 : 2;
  let spatialLayer = 0;
  if ((first & layerBit) !== 0) {
    spatialLayer = ((payload[at] ?? 0) >>> 1) & 7;
    at += flexible ? 1 : 2;
  }
  if (flexible && predicted) {
    const end = at + maxReferenceIndices;
    while (((payload[at] ?? 0) & anotherIndexBit) !== 0) {
      at += 1;
      if (at === end) return undefined;
    }
    at += 1;
  }
  let width = 0;
  let height = 0;
  if ((first & structureBit) !== 0) {
    const structure = payload[at] ?? 0;
    at += 1;
    if ((structure & structureSizesBit) !== 0) {
      at += (structure >>> 5) * layerSizeBytes;
      width = uint16(payload, at);
      height = uint16(payload, at + 2);
      at += layerSizeBytes;
    }
    if ((structure & structureGroupBit) !== 0) at = groupEnd(payload, at);
  }
  if (at >= payload.byteLength) return undefined;
  return {
    bytes: at,
    begins: (first & beginsBit) !== 0,
    ends: (first & endsBit) !== 0,
    predicted,
    spatialLayer,
    width,
    height,
  };
}

/** RFC 9628 section 4.2.1: each picture of the group has a byte and R reference indices. */
function groupEnd(payload: Uint8Array, start: number): number {
  let at = start + 1;
  for (let left = payload[start] ?? 0; left > 0; left -= 1)
    at += 1 + (((payload[at] ?? 0) >>> 2) & 3);
  return at;
}

/**
 * RFC 9628 section 4.2. `key`: not predicted, and the frame's own header agrees, since an intra-only frame is
 * no key frame and some senders never set the P bit. Size from the scalability structure or that header.
 * `reference` from the header too, in a frame's first payload. Never throws.
 */
export function inspectVp9Payload(payload: Uint8Array): PayloadStart {
  if (((payload[0] ?? 0) & beginsBit) === 0) return noStart;
  const descriptor = parseVp9Descriptor(payload);
  if (descriptor === undefined || descriptor.spatialLayer !== 0) return noStart;
  if (isPlainVp9Inter(payload[descriptor.bytes] as number)) return plainStart(true, true);
  try {
    const header = parseVp9FrameHeader(payload.subarray(descriptor.bytes));
    if (!header.key || descriptor.predicted) return plainStart(true, header.reference);
    const { width, height } = descriptor.width * descriptor.height > 0 ? descriptor : header;
    return keyStartOf(width, height);
  } catch (error) {
    if (error instanceof ProtocolError) return noStart;
    throw error;
  }
}

function uint16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0);
}
