import type { Frame } from "@millrace/media/frame";
import type { Framer } from "./format.ts";
import type { SoundPiece } from "./piece-ring.ts";

/** Puts frames together into pieces of a length, once for all listeners. */
export class PieceMaker {
  readonly #pieceUs: number;
  readonly #maxBytes: number;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #frames = 0;
  #startUs = 0;
  #lastUs = 0;
  #framesBefore = 0;

  /** A piece is complete when it is long enough, or has so many bytes that it is large enough. */
  constructor(pieceUs: number, maxBytes: number) {
    this.#pieceUs = pieceUs;
    this.#maxBytes = maxBytes;
  }

  /** Takes a frame and keeps its bytes; gives the piece that it completes. */
  push(frame: Frame, framer: Framer): SoundPiece | undefined {
    const payload = frame.payload[0];
    if (payload === undefined || payload.byteLength === 0) return undefined;
    const header = framer.header(payload.byteLength);
    if (header === undefined) return undefined;
    if (this.#frames === 0) this.#startUs = frame.ptsUs;
    if (header.byteLength > 0) this.#waiting.push(header);
    this.#waiting.push(payload);
    this.#bytes += header.byteLength + payload.byteLength;
    const durationUs = this.#frames === 0 ? 0 : frame.ptsUs - this.#lastUs;
    this.#frames++;
    this.#lastUs = frame.ptsUs;
    // The newest frame lasts about as long as the one before it.
    const spanUs = frame.ptsUs - this.#startUs + durationUs;
    return spanUs >= this.#pieceUs || this.#bytes >= this.#maxBytes ? this.flush() : undefined;
  }

  /** What waits for more frames, if anything. */
  flush(): SoundPiece | undefined {
    if (this.#frames === 0) return undefined;
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#waiting) {
      bytes.set(part, at);
      at += part.byteLength;
    }
    const piece = {
      startUs: this.#startUs,
      lastUs: this.#lastUs,
      frames: this.#frames,
      framesBefore: this.#framesBefore,
      bytes,
    };
    this.#framesBefore += this.#frames;
    this.#waiting = [];
    this.#bytes = 0;
    this.#frames = 0;
    return piece;
  }
}
