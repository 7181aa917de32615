import type { ShownFrame } from "../player/transports/transport.ts";

/** Tells each frame that a `<video>` shows, where the browser can (`requestVideoFrameCallback`). */
export class FrameWatch {
  readonly #video: HTMLVideoElement;
  readonly #told: (frame: ShownFrame) => void;
  #handle: number | undefined;

  /** `told` is called for each shown frame while started. */
  constructor(video: HTMLVideoElement, told: (frame: ShownFrame) => void) {
    this.#video = video;
    this.#told = told;
  }

  /** May be called twice. */
  start(): void {
    if (this.#handle === undefined && "requestVideoFrameCallback" in this.#video) this.#next();
  }

  /** May be called twice. */
  stop(): void {
    if (this.#handle !== undefined) this.#video.cancelVideoFrameCallback(this.#handle);
    this.#handle = undefined;
  }

  #next(): void {
    this.#handle = this.#video.requestVideoFrameCallback((_now, metadata) => {
      this.#next();
      this.#told({
        rtpTime: metadata.rtpTimestamp,
        mediaTime: metadata.mediaTime,
        // The later of the two: some browsers leave the expected time at the compositor's.
        shownAtMs: Math.max(metadata.expectedDisplayTime, metadata.presentationTime),
      });
    });
  }
}
