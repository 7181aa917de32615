import { writePart } from "@millrace/media/multipart";

/** Delimiter between pictures: what readers of M-JPEG expect. */
export const boundary = "imgboundary";

/** One JPEG image of a stream. Immutable and shared by all who watch. */
export class Picture {
  readonly jpeg: Uint8Array;
  /** Presentation time on the stream's clock, microseconds. */
  readonly ptsUs: number;
  /** Wall clock (ms since 1970) of its capture, as far as it is known. */
  readonly capturedMs: number;
  #part: Uint8Array | undefined;

  constructor(jpeg: Uint8Array, ptsUs: number, capturedMs: number) {
    this.jpeg = jpeg;
    this.ptsUs = ptsUs;
    this.capturedMs = capturedMs;
  }

  /** The picture as a part of M-JPEG with the delimiter behind it; made once, at the first viewer. */
  get part(): Uint8Array {
    this.#part ??= writePart(
      boundary,
      [
        ["Content-Type", "image/jpeg"],
        ["Content-Length", String(this.jpeg.byteLength)],
        // Seconds with six decimals, as mjpg-streamer writes it.
        ["X-Timestamp", (this.capturedMs / 1000).toFixed(6)],
      ],
      this.jpeg,
    );
    return this.#part;
  }
}
