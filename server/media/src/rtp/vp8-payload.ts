import { parseVp8FrameHeader } from "../vp8/index.ts";
import { keyStartOf, noStart, type PayloadStart, plainStart } from "./payload-start.ts";

/** RFC 7741 section 4.2, first byte of the payload descriptor. */
const extendedBit = 0x80;
const nonReferenceBit = 0x20;
const partitionStartBit = 0x10;
const partitionMask = 0x07;
/** N, S and PID: all that a descriptor without extensions says. */
const plainMask = nonReferenceBit | partitionStartBit | partitionMask;

/** RFC 7741 section 4.2, extension byte. */
const pictureIdBit = 0x80;
const tl0PicIdxBit = 0x40;
const layerOrKeyIndexBits = 0x30;
const longPictureIdBit = 0x80;
/** RFC 7741 section 4.3: the lowest bit of the first byte of a frame is set in frames that are no key frames. */
const interFrameBit = 0x01;

/** RFC 7741 section 4.2: bytes of the payload descriptor; 0 when the payload ends within it. */
export function vp8DescriptorBytes(payload: Uint8Array): number {
  const first = payload[0];
  if (first === undefined) return 0;
  if ((first & extendedBit) === 0) return 1;
  const extension = payload[1] ?? 0;
  let size = 2;
  if ((extension & pictureIdBit) !== 0) {
    size += ((payload[size] ?? 0) & longPictureIdBit) === 0 ? 1 : 2;
  }
  if ((extension & tl0PicIdxBit) !== 0) size += 1;
  if ((extension & layerOrKeyIndexBits) !== 0) size += 1;
  return size > payload.byteLength ? 0 : size;
}

/** Whether the payload is the first of a frame: partition 0 starts. */
export function beginsVp8Frame(payload: Uint8Array): boolean {
  return ((payload[0] ?? 0) & (partitionStartBit | partitionMask)) === partitionStartBit;
}

/** RFC 7741 section 4.2. `reference` is the N bit; size from a key frame's header. Never throws. */
export function inspectVp8Payload(payload: Uint8Array): PayloadStart {
  const start = vp8DescriptorBytes(payload);
  const body = payload[start];
  if (start === 0 || body === undefined) return noStart;
  const reference = ((payload[0] as number) & nonReferenceBit) === 0;
  if (!beginsVp8Frame(payload)) return plainStart(false, reference);
  if ((body & interFrameBit) !== 0) return plainStart(true, reference);
  const header = parseVp8FrameHeader(payload.subarray(start));
  return header === undefined ? noStart : keyStartOf(header.width, header.height);
}

/**
 * RFC 7741 section 4.2: the payload with a descriptor of one byte, which keeps N, S and PID. Picture
 * identifier, TL0PICIDX, TID and KEYIDX count pictures of one encoder and mislead a receiver that is switched
 * to another. The payload itself when it has none of them, otherwise a new array, which the caller
 * owns; without a body when the payload ends within its descriptor.
 */
export function plainVp8Payload(payload: Uint8Array): Uint8Array {
  const first = payload[0];
  if (first === undefined || (first & extendedBit) === 0) return payload;
  const start = vp8DescriptorBytes(payload) || payload.byteLength;
  const plain = new Uint8Array(1 + payload.byteLength - start);
  plain[0] = first & plainMask;
  plain.set(payload.subarray(start), 1);
  return plain;
}
