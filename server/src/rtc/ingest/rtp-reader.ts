const fixedHeaderBytes = 12;
const version2 = 0x80;
const versionMask = 0xc0;
const paddingBit = 0x20;
const extensionBit = 0x10;
const csrcCountMask = 0x0f;
const markerBit = 0x80;
/** RFC 8285 sections 4.2 and 4.3. */
const oneByteProfile = 0xbede;
const twoByteProfile = 0x1000;
const twoByteProfileMask = 0xfff0;
const oneByteStopId = 15;
/** RFC 8851 section 10 and RFC 9143: longer names are nobody's. */
const maxNameBytes = 32;

/**
 * Reads one RTP packet after the other into the same fields, so that a packet costs no objects.
 * RFC 3550 section 5.1, RFC 8285.
 */
export class RtpReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #payloadStart = 0;
  #payloadEnd = 0;
  #extensionStart = 0;
  #extensionEnd = 0;
  #oneByte = true;
  marker = false;
  /** 0 to 127. */
  payloadType = 0;
  /** 16 bits. */
  sequence = 0;
  /** Unsigned 32 bits. */
  timestamp = 0;
  ssrc = 0;
  /** Of the element that `find` found last. */
  elementBytes = 0;

  /** Takes a packet, which must not change as long as its payload is used. False: it is malformed. */
  read(bytes: Uint8Array): boolean {
    const size = bytes.length;
    const first = bytes[0] ?? 0;
    if (size < fixedHeaderBytes || (first & versionMask) !== version2) return false;
    let offset = fixedHeaderBytes + 4 * (first & csrcCountMask);
    this.#extensionStart = 0;
    this.#extensionEnd = 0;
    if ((first & extensionBit) !== 0) {
      if (offset + 4 > size) return false;
      const profile = uint16(bytes, offset);
      const end = offset + 4 + 4 * uint16(bytes, offset + 2);
      if (end > size) return false;
      this.#oneByte = profile === oneByteProfile;
      if (this.#oneByte || (profile & twoByteProfileMask) === twoByteProfile) {
        this.#extensionStart = offset + 4;
        this.#extensionEnd = end;
      }
      offset = end;
    }
    let end = size;
    if ((first & paddingBit) !== 0) {
      const padding = bytes[size - 1] ?? 0;
      if (padding === 0) return false;
      end -= padding;
    }
    if (offset > end) return false;
    const second = bytes[1] ?? 0;
    this.#bytes = bytes;
    this.#payloadStart = offset;
    this.#payloadEnd = end;
    this.marker = (second & markerBit) !== 0;
    this.payloadType = second & 0x7f;
    this.sequence = uint16(bytes, 2);
    this.timestamp = uint16(bytes, 4) * 0x10000 + uint16(bytes, 6);
    this.ssrc = uint16(bytes, 8) * 0x10000 + uint16(bytes, 10);
    return true;
  }

  /** Without padding. */
  get payloadBytes(): number {
    return this.#payloadEnd - this.#payloadStart;
  }

  /** The payload without padding: a view of the packet. */
  payload(): Uint8Array {
    return this.#bytes.subarray(this.#payloadStart, this.#payloadEnd);
  }

  /** Where the data of the first extension element with that identifier begins; -1 when there is none. */
  find(id: number): number {
    const bytes = this.#bytes;
    const end = this.#extensionEnd;
    let at = this.#extensionStart;
    while (at < end) {
      const head = bytes[at] ?? 0;
      if (head === 0) {
        at++;
        continue;
      }
      let elementId = head;
      let size: number;
      if (this.#oneByte) {
        elementId = head >>> 4;
        if (elementId === oneByteStopId || elementId === 0) return -1;
        size = (head & 0x0f) + 1;
        at += 1;
      } else {
        size = bytes[at + 1] ?? 0;
        at += 2;
      }
      if (at + size > end) return -1;
      if (elementId === id) {
        this.elementBytes = size;
        return at;
      }
      at += size;
    }
    return -1;
  }

  /** A 16-bit extension element; -1 when there is none. */
  number16(id: number): number {
    const at = this.find(id);
    return at < 0 || this.elementBytes < 2 ? -1 : uint16(this.#bytes, at);
  }

  /** A name in an extension element (RFC 7941 section 4.1); undefined when there is none. */
  name(id: number | undefined): string | undefined {
    if (id === undefined) return undefined;
    const at = this.find(id);
    if (at < 0 || this.elementBytes === 0 || this.elementBytes > maxNameBytes) return undefined;
    let name = "";
    for (let i = at; i < at + this.elementBytes; i++) {
      name += String.fromCharCode(this.#bytes[i] ?? 0);
    }
    return name;
  }
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
