import type { RtpExtension } from "./packet.ts";

/** One element of an RFC 8285 header extension. */
export interface ExtensionElement {
  /** 1 to 14 in one-byte elements, 1 to 255 in two-byte ones; what it means is agreed in SDP. */
  readonly id: number;
  readonly data: Uint8Array;
}

const oneByteProfile = 0xbede;
const twoByteProfile = 0x1000;
/** The lowest four bits of the two-byte profile are free for the application. */
const twoByteProfileMask = 0xfff0;
const paddingByte = 0;
const oneByteStopId = 15;
const maxOneByteId = 14;
const maxOneByteData = 16;
const maxId = 255;
const maxData = 255;

/**
 * RFC 8285 sections 4.2 and 4.3: the data of the first element with that identifier, a view of the
 * packet. Undefined when there is none, when the extension is of another kind, or when the elements
 * before it are cut off.
 */
export function findExtension(
  extension: RtpExtension | undefined,
  id: number,
): Uint8Array | undefined {
  if (extension === undefined) return undefined;
  const { data, profile } = extension;
  const isOneByte = profile === oneByteProfile;
  if (!isOneByte && (profile & twoByteProfileMask) !== twoByteProfile) return undefined;
  let offset = 0;
  while (offset < data.byteLength) {
    const head = data[offset] as number;
    if (head === paddingByte) {
      offset += 1;
      continue;
    }
    let elementId = head;
    let size: number | undefined;
    if (isOneByte) {
      elementId = head >>> 4;
      // Identifier 0 with a length ends the extension too.
      if (elementId === oneByteStopId || elementId === 0) return undefined;
      size = (head & 0xf) + 1;
      offset += 1;
    } else {
      size = data[offset + 1];
      offset += 2;
    }
    if (size === undefined || offset + size > data.byteLength) return undefined;
    if (elementId === id) return data.subarray(offset, offset + size);
    offset += size;
  }
  return undefined;
}

/**
 * RFC 8285: an extension with these elements, padded to a multiple of 4 bytes; one-byte elements
 * where all fit (identifier up to 14, 1 to 16 bytes), otherwise two-byte ones. Offer two-byte
 * elements only to a peer that agreed to them (`a=extmap-allow-mixed`).
 * @throws RangeError for identifiers outside 1 to 255 or data above 255 bytes
 */
export function makeExtension(elements: readonly ExtensionElement[]): RtpExtension {
  const isOneByte = elements.every(
    ({ id, data }) =>
      id <= maxOneByteId && data.byteLength >= 1 && data.byteLength <= maxOneByteData,
  );
  const headBytes = isOneByte ? 1 : 2;
  let size = 0;
  for (const { data } of elements) size += headBytes + data.byteLength;
  const out = new Uint8Array(Math.ceil(size / 4) * 4);
  let offset = 0;
  for (const { id, data } of elements) {
    if (id < 1 || id > maxId || data.byteLength > maxData) {
      throw new RangeError(`extension element ${id} of ${data.byteLength} bytes`);
    }
    if (isOneByte) out[offset] = (id << 4) | (data.byteLength - 1);
    else out.set([id, data.byteLength], offset);
    out.set(data, offset + headBytes);
    offset += headBytes + data.byteLength;
  }
  return { profile: isOneByte ? oneByteProfile : twoByteProfile, data: out };
}
