import { type Frame, frameSizeBytes } from "@millrace/media/frame";

/** Audio before the last result that a new process is fed to swing in. */
const audioLeadUs = 200_000;

/**
 * What a process was fed and may have to be fed again: audio whose sound has not come out, video
 * since the last key frame. Bounded in bytes; what does not fit is forgotten.
 */
export class FeedHistory {
  readonly #video: boolean;
  readonly #maxBytes: number;
  #frames: Frame[] = [];
  #bytes = 0;

  constructor(video: boolean, maxBytes: number) {
    this.#video = video;
    this.#maxBytes = maxBytes;
  }

  get frames(): readonly Frame[] {
    return this.#frames;
  }

  push(frame: Frame): void {
    if (this.#video && frame.key) this.clear();
    this.#frames.push(frame);
    this.#bytes += frameSizeBytes(frame);
    if (this.#bytes <= this.#maxBytes) return;
    // Half a group of pictures is of no use.
    if (this.#video) this.clear();
    else this.#shift();
  }

  /** Results up to this time came out. */
  delivered(ptsUs: number): void {
    if (this.#video) return;
    for (let first = this.#frames[0]; first !== undefined; first = this.#frames[0]) {
      if (first.ptsUs >= ptsUs - audioLeadUs) break;
      this.#shift();
    }
  }

  clear(): void {
    this.#frames = [];
    this.#bytes = 0;
  }

  #shift(): void {
    const first = this.#frames.shift();
    if (first !== undefined) this.#bytes -= frameSizeBytes(first);
  }
}
