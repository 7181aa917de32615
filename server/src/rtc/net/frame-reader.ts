/** RFC 4571 section 2: each packet follows its length in two bytes. */
export const FRAME_HEADER_BYTES = 2;

/** Takes a packet, which is the callee's only until it returns. False: take no more. */
export type FrameSink = (frame: Buffer) => boolean;

/** Cuts the bytes of a stream into packets, however they were split. RFC 4571 section 2. */
export class FrameReader {
  readonly #maxFrameBytes: number;
  readonly #sink: FrameSink;
  /** The beginning of a frame whose end is missing, with its length; never more than one frame. */
  #partial: Buffer | undefined;
  #partialBytes = 0;

  constructor(maxFrameBytes: number, sink: FrameSink) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#sink = sink;
  }

  /** Hands every frame that is whole to the sink. False when a frame is longer than allowed. */
  push(bytes: Buffer): boolean {
    let offset = 0;
    if (this.#partialBytes > 0) {
      offset = this.#complete(bytes);
      if (offset < 0) return false;
    }
    while (offset + FRAME_HEADER_BYTES <= bytes.length) {
      const length = bytes.readUInt16BE(offset);
      if (length > this.#maxFrameBytes) return false;
      const end = offset + FRAME_HEADER_BYTES + length;
      if (end > bytes.length) break;
      if (!this.#emit(bytes.subarray(offset + FRAME_HEADER_BYTES, end))) return true;
      offset = end;
    }
    if (offset < bytes.length) this.#keep(bytes.subarray(offset));
    return true;
  }

  /** Adds to the frame begun before; the number of bytes used, or -1 when it is too long. */
  #complete(bytes: Buffer): number {
    let used = 0;
    if (this.#partialBytes < FRAME_HEADER_BYTES) {
      used = this.#add(bytes, FRAME_HEADER_BYTES - this.#partialBytes);
    }
    const length = this.#partial?.readUInt16BE(0) ?? 0;
    if (this.#partialBytes < FRAME_HEADER_BYTES) return used;
    if (length > this.#maxFrameBytes) return -1;
    const end = FRAME_HEADER_BYTES + length;
    used += this.#add(bytes.subarray(used), end - this.#partialBytes);
    if (this.#partialBytes < end) return used;
    const frame = this.#partial?.subarray(FRAME_HEADER_BYTES, end);
    this.#partial = undefined;
    this.#partialBytes = 0;
    return frame === undefined || this.#emit(frame) ? used : bytes.length;
  }

  #add(bytes: Buffer, wanted: number): number {
    const count = Math.min(wanted, bytes.length);
    this.#partial ??= Buffer.allocUnsafe(FRAME_HEADER_BYTES + this.#maxFrameBytes);
    bytes.copy(this.#partial, this.#partialBytes, 0, count);
    this.#partialBytes += count;
    return count;
  }

  #keep(bytes: Buffer): void {
    this.#add(bytes, bytes.length);
  }

  /** Null packets, which RFC 4571 section 2 allows, mean nothing. */
  #emit(frame: Buffer): boolean {
    return frame.length === 0 || this.#sink(frame);
  }
}
