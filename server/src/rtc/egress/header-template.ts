import type { NtpTime } from "@millrace/media/rtp";
import type { SendMedia } from "../peer.ts";
import { writeUint32 } from "../srtp/index.ts";
import type { RunHeader } from "./core.ts";

const fixedHeaderBytes = 12;
const extensionHeaderBytes = 4;
/** RFC 8285 section 4.2. */
const oneByteProfile = 0xbede;
const maxOneByteId = 14;
const maxElementBytes = 16;

/** Room that packetising leaves for header extensions, their padding included. What does not fit is left out. */
const maxExtensionBytes = 24;

/** The largest RTP header that a template writes. */
export const maxHeaderBytes: number = fixedHeaderBytes + extensionHeaderBytes + maxExtensionBytes;

interface Element {
  readonly id: number;
  readonly value: Uint8Array;
}

/** The RTP header of one SSRC with its extensions laid out once; per packet only numbers are written into it. */
export class HeaderTemplate implements RunHeader {
  /** The header as last written. */
  readonly bytes: Uint8Array;
  /** The same memory. */
  readonly words: Uint32Array;
  readonly #payloadType: number;
  /** Where the capture time stands; 0 when this header has none. */
  readonly #captureAt: number;
  /** Where the transport-wide sequence number stands; 0 when this header has none. */
  readonly #transportAt: number;

  /** With an absolute capture time (`timed`) and a transport-wide sequence number (`counted`), when the peer takes them. */
  constructor(
    media: SendMedia,
    stream: { readonly ssrc: number; readonly payloadType: number },
    { timed, counted }: { readonly timed: boolean; readonly counted: boolean },
  ) {
    const { elements, captureIndex, transportIndex } = chooseElements(media, timed, counted);
    const used = elements.reduce((sum, element) => sum + 1 + element.value.length, 0);
    const words = Math.ceil(used / 4);
    const extended = words > 0;
    this.bytes = new Uint8Array(
      fixedHeaderBytes + (extended ? extensionHeaderBytes + 4 * words : 0),
    );
    this.words = new Uint32Array(this.bytes.buffer);
    this.#payloadType = stream.payloadType;
    this.bytes[0] = extended ? 0x90 : 0x80;
    writeUint32(this.bytes, 8, stream.ssrc);
    let at = fixedHeaderBytes;
    let captureAt = 0;
    let transportAt = 0;
    if (extended) {
      writeUint32(this.bytes, at, (oneByteProfile << 16) | words);
      at += extensionHeaderBytes;
      elements.forEach((element, index) => {
        this.bytes[at++] = (element.id << 4) | (element.value.length - 1);
        if (index === captureIndex) captureAt = at;
        if (index === transportIndex) transportAt = at;
        this.bytes.set(element.value, at);
        at += element.value.length;
      });
    }
    this.#captureAt = captureAt;
    this.#transportAt = transportAt;
  }

  /** RFC 3550 section 5.1. The numbers are taken modulo their width. */
  write(
    marker: boolean,
    sequence: number,
    rtpTime: number,
    capture: NtpTime,
    transportSequence: number,
  ): Uint8Array {
    const bytes = this.bytes;
    bytes[1] = (marker ? 0x80 : 0) | this.#payloadType;
    bytes[2] = sequence >>> 8;
    bytes[3] = sequence;
    writeUint32(bytes, 4, rtpTime);
    if (this.#captureAt > 0) {
      writeUint32(bytes, this.#captureAt, capture.seconds);
      writeUint32(bytes, this.#captureAt + 4, capture.fraction);
    }
    if (this.#transportAt > 0) {
      bytes[this.#transportAt] = transportSequence >>> 8;
      bytes[this.#transportAt + 1] = transportSequence;
    }
    return bytes;
  }
}

/** What matters most comes first, for elements are left out from the end when they do not fit. */
function chooseElements(
  media: SendMedia,
  timed: boolean,
  counted: boolean,
): { elements: Element[]; captureIndex: number; transportIndex: number } {
  const { mid, playoutDelay, absCaptureTime, transportCc } = media.extensions;
  const elements: Element[] = [];
  let room = maxExtensionBytes;
  const add = (id: number | undefined, value: Uint8Array): boolean => {
    if (id === undefined || id < 1 || id > maxOneByteId) return false;
    if (value.length < 1 || value.length > maxElementBytes || 1 + value.length > room) return false;
    elements.push({ id, value });
    room -= 1 + value.length;
    return true;
  };
  // Minimum and maximum of 0: render at once. Never changed during a session: a receiver needs long to settle again.
  add(playoutDelay, new Uint8Array(3));
  const numbered = counted && add(transportCc, new Uint8Array(2));
  const transportIndex = numbered ? elements.length - 1 : -1;
  const captured = timed && add(absCaptureTime, new Uint8Array(8));
  const captureIndex = captured ? elements.length - 1 : -1;
  add(mid, new TextEncoder().encode(media.mid));
  return { elements, captureIndex, transportIndex };
}
