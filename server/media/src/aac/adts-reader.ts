import { ProtocolError } from "../error/index.ts";
import { type AdtsHeader, adtsHeaderBytes, maxAdtsFrameBytes, parseAdtsHeader } from "./adts.ts";

/** One access unit with the header it came with. */
export interface AdtsFrame {
  readonly header: AdtsHeader;
  /** The raw access unit; a copy that the caller owns. */
  readonly data: Uint8Array;
}

const bufferBytes = 2 * (maxAdtsFrameBytes + adtsHeaderBytes);

/**
 * Cuts an ADTS stream that arrives in pieces of any size into access units. What is no frame is
 * passed over and counted. After such a place a frame counts only when another header follows it, so
 * the first frame comes out when the second begins, or at `end`. Holds at most 16,396 bytes.
 */
export class AdtsReader {
  readonly #buffer = new Uint8Array(bufferBytes);
  #start = 0;
  #end = 0;
  #locked = false;
  #skippedBytes = 0;

  /** Bytes passed over because they belong to no frame. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  /**
   * Takes the next bytes, which it copies, and returns the access units that they complete.
   * @throws ProtocolError ADTS_MULTIPLE_BLOCKS for a frame of several access units, which cannot be
   *   cut without decoding them
   */
  receive(bytes: Uint8Array): AdtsFrame[] {
    const frames: AdtsFrame[] = [];
    let offset = 0;
    while (offset < bytes.byteLength) {
      if (this.#end === bufferBytes) this.#compact();
      const part = bytes.subarray(offset, offset + bufferBytes - this.#end);
      this.#buffer.set(part, this.#end);
      this.#end += part.byteLength;
      offset += part.byteLength;
      this.#drain(frames, false);
    }
    return frames;
  }

  /** The stream is over: returns what was held back for want of a following header. Then starts afresh. */
  end(): AdtsFrame[] {
    const frames: AdtsFrame[] = [];
    this.#drain(frames, true);
    this.#skippedBytes += this.#end - this.#start;
    this.#start = this.#end = 0;
    this.#locked = false;
    return frames;
  }

  #drain(frames: AdtsFrame[], isEnd: boolean): void {
    while (this.#end - this.#start >= adtsHeaderBytes) {
      const pending = this.#buffer.subarray(this.#start, this.#end);
      const header = parseAdtsHeader(pending);
      if (header === undefined) {
        this.#locked = false;
        this.#skip(pending);
        continue;
      }
      if (pending.byteLength < header.frameBytes) {
        if (!isEnd) return;
        this.#skip(pending);
        continue;
      }
      if (!this.#locked) {
        const follower = follows(pending, header);
        if (follower === "unknown" && !isEnd) return;
        if (follower === "other" || (isEnd && pending.byteLength !== header.frameBytes)) {
          this.#skip(pending);
          continue;
        }
      }
      if (header.blocks > 1) {
        throw new ProtocolError(
          "ADTS_MULTIPLE_BLOCKS",
          `ADTS frame of ${header.blocks} access units`,
        );
      }
      this.#locked = true;
      frames.push({ header, data: pending.slice(header.headerBytes, header.frameBytes) });
      this.#start += header.frameBytes;
    }
  }

  /** Passes over the first byte and all that cannot begin a header. */
  #skip(pending: Uint8Array): void {
    const next = pending.indexOf(0xff, 1);
    const count = next < 0 ? pending.byteLength : next;
    this.#start += count;
    this.#skippedBytes += count;
  }

  #compact(): void {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }
}

/** Whether the frame is followed by a header of the same stream. */
function follows(pending: Uint8Array, header: AdtsHeader): "same" | "other" | "unknown" {
  if (pending.byteLength < header.frameBytes + adtsHeaderBytes) return "unknown";
  const next = parseAdtsHeader(pending, header.frameBytes);
  const isSame =
    next?.objectType === header.objectType &&
    next.sampleRate === header.sampleRate &&
    next.channelConfiguration === header.channelConfiguration;
  return isSame ? "same" : "other";
}
