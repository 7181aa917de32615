import { ProtocolError } from "../error/index.ts";
import { isRestart, isStartOfFrame, Marker, standsAlone } from "./marker.ts";

/** What the frame header of a JPEG image says, ITU-T T.81 section B.2.2. */
export interface JpegSize {
  /** Pixels, 1 to 65,535. */
  readonly width: number;
  /** Pixels, 1 to 65,535. */
  readonly height: number;
  /** 1 is grey, 3 is colour. */
  readonly components: number;
}

/** A whole image. */
export interface JpegImage extends JpegSize {
  /** Scans: 1, or more for a progressive image. */
  readonly scans: number;
}

const prefix = 0xff;
const stuffing = 0x00;
const frameHeaderBytes = 8;

/** Whether the bytes begin with SOI and end with EOI; what is between is not looked at. */
export function hasJpegEnds(bytes: Uint8Array): boolean {
  const size = bytes.byteLength;
  return (
    size >= 4 &&
    bytes[0] === prefix &&
    bytes[1] === Marker.startOfImage &&
    bytes[size - 2] === prefix &&
    bytes[size - 1] === Marker.endOfImage
  );
}

/**
 * Reads the size of an image as far as its frame header; what follows is not looked at.
 * @throws ProtocolError JPEG_INVALID, JPEG_TRUNCATED, JPEG_SIZE_UNKNOWN when a dimension is 0.
 */
export function parseJpegSize(bytes: Uint8Array): JpegSize {
  const walk = new Segments(bytes);
  for (;;) {
    const code = walk.next();
    if (isStartOfFrame(code)) return walk.frameHeader();
    if (code === Marker.startOfScan || code === Marker.endOfImage) throw invalid("no frame header");
    walk.skip(code);
  }
}

/**
 * Walks through a whole image from SOI to EOI, which must be the last bytes.
 * @throws ProtocolError JPEG_INVALID, JPEG_TRUNCATED, JPEG_SIZE_UNKNOWN.
 */
export function parseJpeg(bytes: Uint8Array): JpegImage {
  const walk = new Segments(bytes);
  let size: JpegSize | undefined;
  let scans = 0;
  for (;;) {
    const code = walk.next();
    if (code === Marker.endOfImage) break;
    if (isStartOfFrame(code)) {
      if (size !== undefined) throw invalid("two frame headers");
      size = walk.frameHeader();
    }
    if (code === Marker.startOfScan && size === undefined) throw invalid("no frame header");
    walk.skip(code);
    if (code === Marker.startOfScan) {
      scans++;
      walk.skipEntropyCoded();
    }
  }
  if (walk.restBytes > 0) throw invalid(`${walk.restBytes} bytes after the end of the image`);
  if (size === undefined || scans === 0) throw invalid("no picture");
  return { ...size, scans };
}

/** The marker segments of one image, one after the other. */
class Segments {
  readonly #bytes: Uint8Array;
  #at = 2;

  constructor(bytes: Uint8Array) {
    if (bytes[0] !== prefix || bytes[1] !== Marker.startOfImage) throw invalid("no start of image");
    this.#bytes = bytes;
  }

  get restBytes(): number {
    return this.#bytes.byteLength - this.#at;
  }

  /** The next marker. Any number of 0xff may stand in front of it (T.81 section B.1.1.2). */
  next(): number {
    if (this.#byte() !== prefix) throw invalid("no marker where one has to be");
    let code = this.#byte();
    while (code === prefix) code = this.#byte();
    if (code === stuffing || code === Marker.startOfImage) throw invalid("no marker here");
    return code;
  }

  /** Passes over the parameters of a marker just read. */
  skip(code: number): void {
    if (standsAlone(code)) return;
    const length = this.#uint16(this.#at);
    if (length < 2) throw invalid("segment shorter than its length field");
    this.#at += length;
    if (this.restBytes < 0) throw truncated();
  }

  /** The frame header whose marker was just read; `skip` passes over it. */
  frameHeader(): JpegSize {
    const start = this.#at;
    if (this.#uint16(start) < frameHeaderBytes) throw invalid("frame header too short");
    const height = this.#uint16(start + 3);
    const width = this.#uint16(start + 5);
    const components = this.#bytes[start + 7];
    if (components === undefined) throw truncated();
    if (components === 0) throw invalid("frame without components");
    if (width === 0 || height === 0) {
      throw new ProtocolError("JPEG_SIZE_UNKNOWN", `JPEG image of ${width}x${height} pixels`);
    }
    return { width, height, components };
  }

  /** Passes over coded data as far as the next marker that is no restart. */
  skipEntropyCoded(): void {
    for (;;) {
      const at = this.#bytes.indexOf(prefix, this.#at);
      const code = at < 0 ? undefined : this.#bytes[at + 1];
      if (code === undefined) throw truncated();
      this.#at = at;
      if (code !== stuffing && code !== prefix && !isRestart(code)) return;
      this.#at += code === prefix ? 1 : 2;
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw truncated();
    this.#at++;
    return byte;
  }

  #uint16(at: number): number {
    const high = this.#bytes[at];
    const low = this.#bytes[at + 1];
    if (high === undefined || low === undefined) throw truncated();
    return (high << 8) | low;
  }
}

const invalid = (what: string): ProtocolError =>
  new ProtocolError("JPEG_INVALID", `Not a JPEG image: ${what}.`);

const truncated = (): ProtocolError =>
  new ProtocolError("JPEG_TRUNCATED", "The JPEG image is cut off.");
