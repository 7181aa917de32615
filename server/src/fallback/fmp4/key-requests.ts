import type { Stream } from "../../core/index.ts";

/** After this time without a key frame it is asked for again. Milliseconds. */
const repeatMs = 1000;

/**
 * Asks publishers that make key frames only when asked (WebRTC) for one at regular times, because
 * fragments can be joined only there.
 */
export class KeyRequests {
  readonly #stream: Stream;
  readonly #intervalUs: number;
  #dueUs: number;

  constructor(stream: Stream, intervalMs: number) {
    this.#stream = stream;
    this.#intervalUs = intervalMs * 1000;
    this.#dueUs = stream.nowUs() + this.#intervalUs;
  }

  keyCame(): void {
    this.#dueUs = this.#stream.nowUs() + this.#intervalUs;
  }

  /** Call several times a second. */
  tick(): void {
    const nowUs = this.#stream.nowUs();
    if (nowUs < this.#dueUs || this.#stream.state !== "live") return;
    this.#dueUs = nowUs + repeatMs * 1000;
    const encodings = this.#stream.track("video")?.packets?.encodings;
    // Frames are cut from the best encoding that is active.
    encodings?.findLast((encoding) => encoding.active)?.requestKeyFrame();
  }
}
