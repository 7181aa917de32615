import { ProtocolError } from "@millrace/media/error";
import { FlvClock } from "./flv-clock.ts";
import { readCaptureTime } from "./flv-script.ts";

export interface FlvCutterLimits {
  /** One tag. Bytes. */
  readonly maxTagBytes: number;
  /** What is held back at the start until every track has shown a frame. Bytes. */
  readonly maxHeldBytes: number;
  /** The same as time. Milliseconds of the stream. */
  readonly maxHeldMs: number;
}

export const defaultFlvCutterLimits: FlvCutterLimits = {
  maxTagBytes: 8 * 1024 * 1024,
  maxHeldBytes: 4 * 1024 * 1024,
  maxHeldMs: 300,
};

const fileHeaderBytes = 9;
const tagHeaderBytes = 11;
const previousSizeBytes = 4;
const audioTag = 8;
const videoTag = 9;
const scriptTag = 18;

/**
 * Prepares an FLV stream for mpegts.js, which begins its own timeline at the first frame of the first piece that it
 * is given and does not say which. Cuts the bytes into pieces of whole tags, the first with a frame of every
 * track, and rewrites their times so that they begin near 0 and never wrap. Adobe FLV 10.1, annex E.
 */
export class FlvCutter {
  readonly #limits: FlvCutterLimits;
  readonly #clock = new FlvClock();
  #rest: Uint8Array = new Uint8Array(0);
  #headerRead = false;
  #awaited = new Set<number>();
  #held: Uint8Array[] | undefined = [];
  #heldBytes = 0;

  constructor(limits: Partial<FlvCutterLimits> = {}) {
    this.#limits = { ...defaultFlvCutterLimits, ...limits };
  }

  /** When what is shown at `mediaSeconds` of the timeline was captured, server wall clock in milliseconds. */
  captureWallMs(mediaSeconds: number): number | undefined {
    return this.#clock.captureWallMs(mediaSeconds);
  }

  /**
   * Takes the next bytes, which it changes and keeps, and returns pieces of whole tags.
   * @throws ProtocolError `FLV_INVALID`, `FLV_TAG_TOO_LARGE`; the cutter is of no use after it.
   */
  receive(bytes: Uint8Array): readonly ArrayBuffer[] {
    const data = this.#rest.length === 0 ? bytes : joined([this.#rest, bytes]);
    let at = 0;
    if (!this.#headerRead) {
      if (data.length < fileHeaderBytes + previousSizeBytes) {
        this.#rest = data;
        return [];
      }
      at = this.#readHeader(data);
    }
    for (;;) {
      const size = this.#tagSize(data, at);
      if (size === undefined || at + size > data.length) break;
      this.#takeTag(data.subarray(at, at + size));
      at += size;
    }
    this.#rest = data.slice(at);
    return this.#give(data.subarray(0, at));
  }

  #readHeader(data: Uint8Array): number {
    const signature = String.fromCharCode(...data.subarray(0, 3));
    const view = viewOf(data);
    if (signature !== "FLV" || view.getUint32(5) !== fileHeaderBytes) {
      throw new ProtocolError("FLV_INVALID", "This is not FLV.");
    }
    const flags = view.getUint8(4);
    if ((flags & 1) !== 0) this.#awaited.add(videoTag);
    if ((flags & 4) !== 0) this.#awaited.add(audioTag);
    this.#headerRead = true;
    return fileHeaderBytes + previousSizeBytes;
  }

  #tagSize(data: Uint8Array, at: number): number | undefined {
    if (at + tagHeaderBytes > data.length) return undefined;
    const size = viewOf(data).getUint32(at) & 0xff_ffff;
    if (size > this.#limits.maxTagBytes) {
      throw new ProtocolError("FLV_TAG_TOO_LARGE", "A tag has too many bytes.");
    }
    return tagHeaderBytes + size + previousSizeBytes;
  }

  #takeTag(tag: Uint8Array): void {
    const type = (tag[0] ?? 0) & 0x1f;
    const body = tag.subarray(tagHeaderBytes, -previousSizeBytes);
    if (type === scriptTag) {
      const capture = readCaptureTime(body);
      if (capture !== undefined) this.#clock.anchor(capture.streamTimeMs, capture.wallMs);
      return;
    }
    if (type !== audioTag && type !== videoTag) return;
    const frame = type === videoTag ? isVideoFrame(body) : isAudioFrame(body);
    writeTime(tag, this.#clock.pass(readTime(tag), frame, this.#held !== undefined));
    if (frame) this.#awaited.delete(type);
  }

  #give(bytes: Uint8Array): readonly ArrayBuffer[] {
    if (bytes.length === 0) return [];
    if (this.#held === undefined) return [exact(bytes)];
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    const { maxHeldBytes, maxHeldMs } = this.#limits;
    const complete = this.#clock.hasFrame && this.#awaited.size === 0;
    const enough = this.#clock.hasFrame && this.#clock.passedMs >= maxHeldMs;
    if (!complete && !enough && this.#heldBytes <= maxHeldBytes) return [];
    const first = joined(this.#held);
    this.#held = undefined;
    return [exact(first)];
  }
}

/** E.4.3.1, and the packet type of Enhanced RTMP: coded frames with and without a composition time. */
function isVideoFrame(body: Uint8Array): boolean {
  const [first = 0, second = 0] = body;
  if ((first & 0x80) !== 0) return (first & 0x0f) === 1 || (first & 0x0f) === 3;
  const codec = first & 0x0f;
  return codec === 7 || codec === 12 ? second === 1 : true;
}

/** E.4.2.1, and Enhanced RTMP. */
function isAudioFrame(body: Uint8Array): boolean {
  const [first = 0, second = 0] = body;
  const format = first >> 4;
  if (format === 9) return (first & 0x0f) === 1;
  return format === 10 ? second === 1 : true;
}

/** E.4.1: three bytes, then the highest one. */
function readTime(tag: Uint8Array): number {
  const [, , , , high = 0, middle = 0, low = 0, highest = 0] = tag;
  return ((highest << 24) | (high << 16) | (middle << 8) | low) >>> 0;
}

function writeTime(tag: Uint8Array, ms: number): void {
  tag[4] = (ms >>> 16) & 0xff;
  tag[5] = (ms >>> 8) & 0xff;
  tag[6] = ms & 0xff;
  tag[7] = (ms >>> 24) & 0xff;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** mpegts.js takes whole buffers. */
function exact(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  const whole = byteOffset === 0 && byteLength === buffer.byteLength;
  return (whole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)) as ArrayBuffer;
}
